/**
 * Texts to whose devices nothing happens; some are ended by what only their requester knows.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { ringRunsFree } from '../checkers/ring-runs-free.ts'
import { below } from '../faults.ts'
import { drawText, ORDINARY, sessionScenario } from '../session-scenario.ts'

export const textsInPeace = sessionScenario({
  name: 'texts-in-peace',
  question: 'does the ring write a text without its requester, and do all receipts agree?',
  plan(random) {
    const stages = 1 + below(random, 6)
    const text = drawText(random, 0)
    return { ...ORDINARY, stages, faults: [], text, delayMsMax: 60, runMsMax: 5 }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced, ringRunsFree],
})
