/**
 * A fetch ends with every blob finished and every chunk stored.
 *
 * @module
 */

import type { BlocksChecker } from '../blocks-scenario.ts'

export const fetchCompletes: BlocksChecker = ({ outcome, finished, stored, refs }) => {
  if (outcome?.type !== 'done') return [`the fetch ended with ${JSON.stringify(outcome)}`]
  const chunks = refs.reduce((sum, { chunkHashes }) => sum + chunkHashes.length, 0)
  return [
    ...(finished.size < refs.length ? [`${finished.size} of ${refs.length} blobs finished`] : []),
    ...(stored.size < chunks ? [`${stored.size} of ${chunks} chunks were stored`] : []),
  ]
}
