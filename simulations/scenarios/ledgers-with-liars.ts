/**
 * Devices among whom some show two ledgers, go back to old ones, pay nothing, do nothing, or sign what was never done.
 *
 * @module
 */

import { attackersEarnNothing } from '../checkers/attackers-earn-nothing.ts'
import { bothPartiesCountAlike } from '../checkers/both-parties-count-alike.ts'
import { forkersAreProven } from '../checkers/forkers-are-proven.ts'
import { ledgersVerify } from '../checkers/ledgers-verify.ts'
import { noHonestLedgerIsAtFault } from '../checkers/no-honest-ledger-is-at-fault.ts'
import { nobodyOverpays } from '../checkers/nobody-overpays.ts'
import { receiptsHaveBothHalves } from '../checkers/receipts-have-both-halves.ts'
import { saidAndKept } from '../checkers/said-and-kept.ts'
import { unpaidWorkEnds } from '../checkers/unpaid-work-ends.ts'
import { below } from '../faults.ts'
import { ledgerScenario } from '../ledgers/ledger-scenario.ts'
import { CRASHES, drawLedgerLiars, drawLedgers } from '../ledgers/ledger-weather.ts'

export const ledgersWithLiars = ledgerScenario({
  name: 'ledgers-with-liars',
  question: 'is nobody honest accused, and does nobody gain by lying about what was done?',
  plan(random) {
    const devices = 4 + below(random, 3)
    const restlessMs = 90_000 + 60_000 * random.fraction()
    const kinds = random.fraction() < 0.5 ? [] : CRASHES
    const liars = drawLedgerLiars(random, devices, 1 + below(random, devices - 2))
    return drawLedgers(random, { devices, restlessMs, kinds, liars })
  },
  checkers: [
    saidAndKept,
    ledgersVerify,
    receiptsHaveBothHalves,
    bothPartiesCountAlike,
    noHonestLedgerIsAtFault,
    unpaidWorkEnds,
    nobodyOverpays,
    forkersAreProven,
    attackersEarnNothing,
  ],
})
