/**
 * Devices whose ledgers rot, go, or are put back from an old copy.
 *
 * @module
 */

import { bothPartiesCountAlike } from '../checkers/both-parties-count-alike.ts'
import { ledgersVerify } from '../checkers/ledgers-verify.ts'
import { noHonestLedgerIsAtFault } from '../checkers/no-honest-ledger-is-at-fault.ts'
import { receiptsHaveBothHalves } from '../checkers/receipts-have-both-halves.ts'
import { saidAndKept } from '../checkers/said-and-kept.ts'
import { unpaidWorkEnds } from '../checkers/unpaid-work-ends.ts'
import { below } from '../faults.ts'
import { ledgerScenario } from '../ledgers/ledger-scenario.ts'
import { drawLedgers, LOSSES } from '../ledgers/ledger-weather.ts'

export const ledgersWithLostDisks = ledgerScenario({
  name: 'ledgers-with-lost-disks',
  question: 'can nobody be accused of what a disk forgot, or a copy brought back?',
  plan(random) {
    const devices = 2 + below(random, 4)
    const restlessMs = 60_000 + 60_000 * random.fraction()
    const kinds = [...LOSSES, 'crash', 'crash-in-write'] as const
    return drawLedgers(random, { devices, restlessMs, kinds, liars: new Map() })
  },
  checkers: [
    saidAndKept,
    ledgersVerify,
    receiptsHaveBothHalves,
    bothPartiesCountAlike,
    noHonestLedgerIsAtFault,
    unpaidWorkEnds,
  ],
})
