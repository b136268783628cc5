/**
 * Stages die at random moments while the ring runs free, neighbours together too.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { drawText, ORDINARY, sessionScenario } from '../session-scenario.ts'

export const textsUnderKills = sessionScenario({
  name: 'texts-under-kills',
  question: 'does a text say the same when devices, processes and power supplies die?',
  plan(random) {
    const stages = 1 + below(random, 5)
    const faults = drawFaults(random, {
      types: ['kill', 'power-cut', 'crash'],
      countMax: 8,
      untilMs: 4_000,
      forMsMax: 0,
      stages,
    })
    const text = drawText(random, below(random, 3))
    // A trip round the ring is mostly waiting, so that much of what is lost is on its way.
    return { ...ORDINARY, stages, faults, text, delayMsMax: 60, runMsMax: 2 }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
