/**
 * The keys and values of a text, at the stage that takes over: chunk by chunk, each checked.
 *
 * As soon as a step comes, the copy is off: somebody feeds this stage the text itself.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { cachedOf, NO_COPY, type CopyPoint } from './cache-rows.ts'
import type { Journal } from './journal.ts'
import type { TensorMessage } from './messages.ts'
import { leafOf } from './receipt-roots.ts'
import type { AttachRecord, RouteStage } from './records.ts'
import { reply } from './stage-replies.ts'
import type { StageInput, StageOutput } from './stage-types.ts'

export interface CacheTakerInit {
  readonly journal: Journal
  readonly sha256: Sha256
  readonly stage: number
  /** Rows that there is room for. */
  readonly positionsMax: number
}

export class CacheTaker {
  readonly #init: CacheTakerInit
  readonly #from: RouteStage
  #link: number | undefined
  /** What is copied, once the first chunk has said so. */
  #point: CopyPoint | undefined
  /** One more than the highest request whose output came along. */
  #sent = 0
  /** Rows that came, and that the executor has. */
  #came = 0
  #taken = 0
  #over = false

  constructor(init: CacheTakerInit, from: RouteStage) {
    this.#init = init
    this.#from = from
  }

  /** True when an attach by this peer, stage and epoch is the one that the requester spoke of. */
  expects(from: PeerId, record: AttachRecord): boolean {
    const { peer, epoch } = this.#from
    const { stage } = this.#init
    const isCopy = record.stage === stage && record.to === stage
    return isCopy && peer === from && record.epoch === epoch
  }

  attach({ from, link, record }: StageInput & { type: 'attach' }): void {
    if (this.expects(from, record)) this.#link ??= link
  }

  /** True for what comes on the way of the copy, as long as there is one. */
  hears(link: number): boolean {
    return !this.#over && link === this.#link
  }

  /** Something that the stage before sent on. */
  keep({ request, hops, tensors, leaf }: TensorMessage): readonly StageOutput[] {
    if (request < this.#sent || this.#point !== undefined) return this.refuse()
    this.#sent = request + 1
    this.#init.journal.keep({ request, hops, tensors, leaf })
    return []
  }

  /** Some rows: they go to the executor when they are what they say, and the next ones. */
  take({ request, tensors, leaf }: TensorMessage): readonly StageOutput[] {
    const cached = cachedOf(tensors)
    const { sha256, positionsMax } = this.#init
    const isWhole = bytesEqual(leafOf(tensors, sha256).subarray(0, 8), leaf)
    if (cached === undefined || !isWhole) return this.refuse()
    const { from, to, of } = cached.rows
    this.#point ??= { request, position: of }
    const point = this.#point
    const follows = request === point.request && of === point.position && from === this.#came
    if (!follows || of > positionsMax || this.#sent > request) return this.refuse()
    this.#came = to
    return [{ type: 'import', from, to, tensors: cached.kept }]
  }

  /** The executor has the rows before this one. Gives what was copied, once that is all of it. */
  imported(rows: number): {
    readonly outputs: readonly StageOutput[]
    readonly copied: CopyPoint | undefined
  } {
    const point = this.#point
    if (this.#over || point === undefined || this.#init.journal.missing.length > 0) {
      return { outputs: this.refuse(), copied: undefined }
    }
    this.#taken = Math.max(this.#taken, rows)
    const { request, position } = point
    const message = { type: 'copied', request, rows: this.#taken } as const
    const answer: StageOutput = { type: 'answer-copy', message }
    if (this.#taken < position) return { outputs: [answer], copied: undefined }
    this.#over = true
    return { outputs: [answer, reply(message)], copied: point }
  }

  /** A step came, or the copy is no good. What was sent along belongs to it. */
  refuse(): readonly StageOutput[] {
    if (this.#over) return []
    this.#over = true
    this.#init.journal.clear()
    return [{ type: 'answer-copy', message: NO_COPY }, reply(NO_COPY)]
  }
}
