/**
 * Owners want their devices back, with more or less notice.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsThatLeave = sessionScenario({
  name: 'sessions-that-leave',
  question: 'do stages move while they serve, and also when the time they were given is too short?',
  plan(random) {
    const stages = 1 + below(random, 4)
    const faults = drawFaults(random, {
      types: ['leave', 'leave', 'leave', 'kill', 'crash'],
      countMax: 6,
      untilMs: 4_000,
      forMsMax: 3_000,
      stages,
    })
    return { ...ORDINARY, stages, faults }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
