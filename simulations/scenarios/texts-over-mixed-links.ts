/**
 * Texts whose cuts round or do not, each by itself, while their stages die, leave and are copied.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { drawText, ORDINARY, sessionScenario } from '../session-scenario.ts'

export const textsOverMixedLinks = sessionScenario({
  name: 'texts-over-mixed-links',
  question: 'does a text round at the same cuts whoever holds its stages?',
  plan(random) {
    const stages = 2 + below(random, 3)
    const wires = Array.from({ length: stages - 1 }, () =>
      random.fraction() < 0.5 ? ('f16' as const) : ('f32' as const),
    )
    const faults = drawFaults(random, {
      types: ['kill', 'crash', 'leave', 'leave', 'cut'],
      countMax: 6,
      untilMs: 4_000,
      forMsMax: 10_000,
      stages,
    })
    const text = drawText(random, below(random, 3))
    const bytesPerMs = random.fraction() < 0.5 ? 10_000 : 1
    return { ...ORDINARY, stages, wires, faults, text, bytesPerMs }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
