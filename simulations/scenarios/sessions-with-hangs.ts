/**
 * Devices fall silent without being gone, and come back; or they answer and compute nothing.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsWithHangs = sessionScenario({
  name: 'sessions-with-hangs',
  question: 'does a session outlive devices that hang, and do these do no harm when they wake?',
  plan(random) {
    const stages = 1 + below(random, 4)
    const faults = drawFaults(random, {
      types: ['hang', 'hang', 'hang', 'freeze', 'kill'],
      countMax: 5,
      untilMs: 4_000,
      forMsMax: 15_000,
      stages,
    })
    return { ...ORDINARY, stages, faults }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
