/**
 * Holders of any behaviour, and perhaps nobody who has what is missing.
 *
 * @module
 */

import { anyHolders, blocksScenario } from '../blocks-scenario.ts'
import { fetchEnds } from '../checkers/fetch-ends.ts'
import { onlyTheGuiltyAreBlamed } from '../checkers/only-the-guilty-are-blamed.ts'

export const blocksFromAnyone = blocksScenario({
  name: 'blocks-from-anyone',
  question: 'does a fetch end in any case, and blame only those who break the protocol?',
  holders: anyHolders,
  checkers: [fetchEnds, onlyTheGuiltyAreBlamed],
})
