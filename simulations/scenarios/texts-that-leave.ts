/**
 * Owners want their devices back in the middle of texts: stages move by a copy of their keys and
 * values, or by running the text again, and devices die while they do.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { drawText, ORDINARY, sessionScenario } from '../session-scenario.ts'

/** Over the first no copy pays, over the last nearly every one does. */
const BYTES_PER_MS = [1, 2_000, 1_000_000]

export const textsThatLeave = sessionScenario({
  name: 'texts-that-leave',
  question: 'does a text say the same when its stages are copied, and when a copy fails half way?',
  plan(random) {
    const stages = 1 + below(random, 4)
    const faults = drawFaults(random, {
      types: ['leave', 'leave', 'leave', 'leave', 'kill', 'crash', 'cut'],
      countMax: 6,
      untilMs: 6_000,
      forMsMax: 5_000,
      stages,
    })
    const text = drawText(random, below(random, 3))
    const bytesPerMs = BYTES_PER_MS[below(random, BYTES_PER_MS.length)] ?? 1
    const copyFaults = random.fraction() < 0.3 ? 0.2 : 0
    const links = { bytesPerMs, copyFaults, delayMsMax: 30, bytes: true }
    return { ...ORDINARY, ...links, stages, faults, text, runMsMax: 5 }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
