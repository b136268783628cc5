/**
 * The keys and values of a text, at the stage that leaves: read row by row while it goes on serving.
 *
 * A step never changes a row before its own first one, and no later step goes back behind that row:
 * what stands before the latest step is settled as soon as the steps before it have run. So the copy
 * holds all that came before that step, and the successor is fed from the step itself on.
 *
 * What this stage sent on goes ahead of it: a successor that has no journal could rebuild nobody.
 *
 * @module
 */

import type { Sha256 } from '../../core/crypto.ts'
import type { Tensor } from '../../core/tensor.ts'
import { cacheTensors, NO_COPY, type CopyPoint } from './cache-rows.ts'
import type { Journal } from './journal.ts'
import { CACHE_CHUNK_BYTES, CACHE_CHUNKS_AHEAD_MAX, TENSORS_MAX } from './limits.ts'
import type { InferenceMessage } from './messages.ts'
import { leafOf } from './receipt-roots.ts'
import type { OpenRecord, RouteStage } from './records.ts'
import { reply } from './stage-replies.ts'
import type { StageOutput } from './stage-types.ts'

export interface CacheGiverInit {
  readonly open: OpenRecord
  readonly journal: Journal
  readonly sha256: Sha256
  /** Bytes of the keys and values of one row. */
  readonly rowBytes: number
}

export class CacheGiver {
  readonly #init: CacheGiverInit
  readonly #to: RouteStage
  readonly #point: CopyPoint
  #begun = false
  /** Rows that the executor was asked for, and that the successor has. */
  #asked = 0
  #taken = 0

  constructor(init: CacheGiverInit, to: RouteStage, point: CopyPoint) {
    this.#init = init
    this.#to = to
    this.#point = point
  }

  /** A step that goes back behind this row changes what is being copied. */
  get rows(): number {
    return this.#point.position
  }

  /** Begins once every step before the point has run. `running` are those that have not. */
  begin(running: Iterable<number>): readonly StageOutput[] {
    if (this.#begun) return []
    for (const request of running) if (request < this.#point.request) return []
    this.#begun = true
    const { open, journal } = this.#init
    const { session, stage } = open
    const epoch = open.route[stage]?.epoch ?? 0
    const sent = journal.messages.filter(({ request }) => request < this.#point.request)
    return [
      {
        type: 'connect-copy',
        to: this.#to,
        attach: { version: 1, session, stage, to: stage, epoch },
      },
      ...sent.map((message) => forward({ type: 'output', ...message })),
      ...this.#ask(),
    ]
  }

  /** The executor gave rows; undefined when they are more than a message takes. */
  exported(from: number, to: number, kept: readonly Tensor[]): readonly StageOutput[] | undefined {
    const { request, position } = this.#point
    if (kept.length >= TENSORS_MAX) return undefined
    const tensors = cacheTensors({ from, to, of: position }, kept)
    const leaf = leafOf(tensors, this.#init.sha256).subarray(0, 8)
    return [forward({ type: 'cache', request, hops: [], tensors, leaf }), ...this.#ask()]
  }

  /** The successor has so many rows. */
  taken(rows: number): readonly StageOutput[] {
    this.#taken = Math.max(this.#taken, Math.min(rows, this.#asked))
    return this.#taken < this.rows ? this.#ask() : [{ type: 'end-copy' }]
  }

  /** There is no copy any more. */
  cancel(): readonly StageOutput[] {
    const way: readonly StageOutput[] = this.#begun ? [{ type: 'end-copy' }] : []
    return [...way, reply(NO_COPY)]
  }

  #ask(): readonly StageOutput[] {
    const rows = Math.max(1, Math.floor(CACHE_CHUNK_BYTES / this.#init.rowBytes))
    const outputs: StageOutput[] = []
    while (
      this.#asked < this.rows &&
      this.#asked - this.#taken + rows <= CACHE_CHUNKS_AHEAD_MAX * rows
    ) {
      const from = this.#asked
      this.#asked = Math.min(this.rows, from + rows)
      outputs.push({ type: 'export', from, to: this.#asked })
    }
    return outputs
  }
}

function forward(message: InferenceMessage): StageOutput {
  return { type: 'forward', to: 'copy', message }
}
