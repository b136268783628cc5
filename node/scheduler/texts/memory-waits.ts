/**
 * How far stages of a text are before they serve, and what its reader is told of those that wait for
 * memory which other texts have.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { RequesterOutput } from '../../../protocols/inference/index.ts'
import type { StageRecord } from '../jobs/job-record.ts'

type Loading = RequesterOutput & { readonly type: 'loading' }

/** What becomes of a stage's record. */
export interface LoadingShown {
  readonly state: StageRecord['state']
  readonly note: string | undefined
}

export class MemoryWaits {
  readonly #nameOf: (peer: PeerId) => string
  /** Where each stage waits, or did. */
  readonly #told = new Map<number, PeerId>()

  constructor(nameOf: (peer: PeerId) => string) {
    this.#nameOf = nameOf
  }

  /** It is noted once for each device at which a stage waits. */
  hear({ stage, peer, bytesTotal, waiting }: Loading): LoadingShown {
    if (waiting === undefined) {
      return { state: bytesTotal > 0 ? 'fetching' : 'loading', note: undefined }
    }
    if (this.#told.get(stage) === peer) return { state: 'waiting', note: undefined }
    this.#told.set(stage, peer)
    const turn = waiting === 0 ? '' : `; ${waiting} come first`
    const note = `stage ${stage} waits for memory of other texts on ${this.#nameOf(peer)}${turn}`
    return { state: 'waiting', note }
  }
}
