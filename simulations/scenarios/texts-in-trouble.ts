/**
 * Everything at once that can happen to the stages of a text, with messages as bytes.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { drawText, ORDINARY, sessionScenario } from '../session-scenario.ts'

export const textsInTrouble = sessionScenario({
  name: 'texts-in-trouble',
  question: 'does a text say the same when stages die, hang, leave and lose their ways?',
  plan(random) {
    const stages = 1 + below(random, 4)
    const faults = drawFaults(random, {
      types: ['kill', 'power-cut', 'crash', 'hang', 'freeze', 'leave', 'leave', 'cut', 'cut'],
      countMax: 8,
      untilMs: 4_000,
      forMsMax: 10_000,
      stages,
    })
    const text = drawText(random, below(random, 3))
    // A trip round the ring is mostly waiting, so that much of what is lost is on its way.
    return { ...ORDINARY, stages, faults, text, delayMsMax: 60, runMsMax: 2, bytes: true }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
