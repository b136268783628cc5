/**
 * The device that asked falls asleep for seconds or minutes, like a laptop that is closed.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsOfSleepers = sessionScenario({
  name: 'sessions-of-sleepers',
  question: 'does a session go on after its requester was asleep?',
  plan(random) {
    const stages = 1 + below(random, 4)
    const faults = drawFaults(random, {
      types: ['sleep', 'sleep', 'kill', 'crash', 'leave'],
      countMax: 3,
      untilMs: 4_000,
      forMsMax: random.fraction() < 0.5 ? 6_000 : 120_000,
      stages,
    })
    return { ...ORDINARY, stages, faults }
  },
  checkers: [answersInTime],
})
