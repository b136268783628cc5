/**
 * Devices whose processes end at any moment, in the middle of a write and right after it, on disks and ways that fail.
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
import { CRASHES, drawLedgers } from '../ledgers/ledger-weather.ts'

export const ledgersThatCrash = ledgerScenario({
  name: 'ledgers-that-crash',
  question:
    'does nobody contradict itself, and is nothing lost that others heard of, whenever a device crashes?',
  plan(random) {
    const devices = 2 + below(random, 4)
    const restlessMs = 60_000 + 60_000 * random.fraction()
    return drawLedgers(random, { devices, restlessMs, kinds: CRASHES, liars: new Map() })
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
