/**
 * Two stages lose the way to each other while the requester reaches both.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsWithPartitions = sessionScenario({
  name: 'sessions-with-partitions',
  question: 'does a session go on when a stage does not reach the next, for a while or for good?',
  plan(random) {
    const stages = 2 + below(random, 4)
    const faults = drawFaults(random, {
      types: ['cut', 'cut', 'kill'],
      countMax: 4,
      untilMs: 4_000,
      forMsMax: 20_000,
      stages,
    })
    return { ...ORDINARY, stages, faults }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
