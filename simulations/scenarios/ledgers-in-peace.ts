/**
 * Devices that work for one another, while nothing happens.
 *
 * @module
 */

import { bothPartiesCountAlike } from '../checkers/both-parties-count-alike.ts'
import { ledgersVerify } from '../checkers/ledgers-verify.ts'
import { noHonestLedgerIsAtFault } from '../checkers/no-honest-ledger-is-at-fault.ts'
import { receiptsHaveBothHalves } from '../checkers/receipts-have-both-halves.ts'
import { saidAndKept } from '../checkers/said-and-kept.ts'
import { unpaidWorkEnds } from '../checkers/unpaid-work-ends.ts'
import { workIsSettled } from '../checkers/work-is-settled.ts'
import { below } from '../faults.ts'
import { ledgerScenario } from '../ledgers/ledger-scenario.ts'
import { drawLedgers } from '../ledgers/ledger-weather.ts'

export const ledgersInPeace = ledgerScenario({
  name: 'ledgers-in-peace',
  question: 'do both parties of all work come to hold the same receipts?',
  plan(random) {
    const devices = 2 + below(random, 4)
    return drawLedgers(random, { devices, restlessMs: 30_000, kinds: [], liars: new Map() })
  },
  checkers: [
    saidAndKept,
    ledgersVerify,
    receiptsHaveBothHalves,
    bothPartiesCountAlike,
    noHonestLedgerIsAtFault,
    unpaidWorkEnds,
    workIsSettled,
  ],
})
