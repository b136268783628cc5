/**
 * Everything at once, with messages as the frames that devices exchange.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsInBytes = sessionScenario({
  name: 'sessions-in-bytes',
  question: 'does all of it hold when every message is written to bytes and read again?',
  plan(random) {
    const stages = 1 + below(random, 4)
    const faults = drawFaults(random, {
      types: ['kill', 'power-cut', 'crash', 'hang', 'freeze', 'leave', 'cut'],
      countMax: 5,
      untilMs: 4_000,
      forMsMax: 10_000,
      stages,
    })
    return { ...ORDINARY, stages, faults, bytes: true }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
