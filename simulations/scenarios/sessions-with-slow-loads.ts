/**
 * Stages take up to half a minute to load, so that others are replaced meanwhile.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsWithSlowLoads = sessionScenario({
  name: 'sessions-with-slow-loads',
  question: 'do losses while others are still loading leave nobody waiting?',
  plan(random) {
    const stages = 2 + below(random, 3)
    const faults = drawFaults(random, {
      types: ['kill', 'crash', 'leave'],
      countMax: 4,
      untilMs: 30_000,
      forMsMax: 20_000,
      stages,
    })
    return { ...ORDINARY, stages, faults, loadMsMax: 30_000 }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
