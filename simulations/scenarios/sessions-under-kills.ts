/**
 * Stages die at random moments, neighbours together too.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsUnderKills = sessionScenario({
  name: 'sessions-under-kills',
  question: 'does every output come once when devices, processes and power supplies die?',
  plan(random) {
    const stages = 1 + below(random, 5)
    const faults = drawFaults(random, {
      types: ['kill', 'power-cut', 'crash'],
      countMax: 6,
      untilMs: 4_000,
      forMsMax: 0,
      stages,
    })
    return { ...ORDINARY, stages, faults }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
