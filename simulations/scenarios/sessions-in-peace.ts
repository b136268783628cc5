/**
 * Nothing happens to anybody.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsInPeace = sessionScenario({
  name: 'sessions-in-peace',
  question: 'is nobody replaced when nothing happens, and do all receipts agree?',
  plan(random) {
    const stages = 1 + below(random, 8)
    const inFlightMax = 1 + below(random, 64)
    return { ...ORDINARY, stages, inFlightMax, faults: [], requests: 200, delayMsMax: 60 }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
