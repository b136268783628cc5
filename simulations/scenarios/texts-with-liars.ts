/**
 * Stages that send what the next one cannot use, and stages that say so of others though it is not true.
 *
 * @module
 */

import type { SeededRandom } from '../../core/random.ts'
import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyLiarsAreBlamed } from '../checkers/only-liars-are-blamed.ts'
import { below } from '../faults.ts'
import { LIES, type Lie } from '../sim-liar.ts'
import { drawText, ORDINARY, sessionScenario } from '../session-scenario.ts'

/** Part of those who may take a stage over that lie as well, in every other session. */
const LIARS_SHARE = 0.15

/** A lie to the next stage, or as often one about the stage before. */
function drawLie(random: SeededRandom): Lie {
  const type = random.fraction() < 0.5 ? 'complaint' : LIES[below(random, LIES.length)]
  return { type: type ?? 'complaint', from: below(random, 40) }
}

export const textsWithLiars = sessionScenario({
  name: 'texts-with-liars',
  question: 'does a text say the same among liars, and are they the ones who are blamed?',
  plan(random) {
    const stages = 2 + below(random, 3)
    const share = random.fraction() < 0.5 ? LIARS_SHARE : 0
    const lies = new Map([[below(random, stages), drawLie(random)]])
    for (let device = stages; device < stages + ORDINARY.spares; device++) {
      if (random.fraction() < share) lies.set(device, drawLie(random))
    }
    const text = { ...drawText(random, below(random, 3)), standbys: false }
    return { ...ORDINARY, stages, faults: [], lies, text }
  },
  checkers: [answersInTime, onlyLiarsAreBlamed],
})
