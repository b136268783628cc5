/**
 * For every chunk there is one holder that is honest, if slow; the others are anything.
 *
 * @module
 */

import { anyHolders, blocksScenario, otherEighths, someEighths } from '../blocks-scenario.ts'
import { fetchCompletes } from '../checkers/fetch-completes.ts'
import { onlyTheGuiltyAreBlamed } from '../checkers/only-the-guilty-are-blamed.ts'

export const blocksWithLiars = blocksScenario({
  name: 'blocks-with-liars',
  question: 'does a fetch finish whenever one honest holder remains for every chunk?',
  holders(random) {
    const holds = someEighths(random)
    return [
      ...anyHolders(random),
      { behaviour: 'honest', holds },
      { behaviour: 'slow', holds: otherEighths(holds) },
    ]
  },
  checkers: [fetchCompletes, onlyTheGuiltyAreBlamed],
})
