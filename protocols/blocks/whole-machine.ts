/**
 * Gets one small blob of which only the id is known from one holder, in memory.
 *
 * The holder describes the blob and must then deliver what it described; whether the whole
 * is what its id stands for decides. Nothing that was not proved leaves this machine.
 *
 *     opened → describe ─► described → want all chunks ─► chunk … → whole | failed
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { BlobId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { chunkLength } from './blob-ref.ts'
import type { BlocksFault } from './errors.ts'
import { CHUNK_BYTES } from './limits.ts'
import type { BlocksMessage, Chunk, Described } from './messages.ts'

export interface WholeInit {
  readonly blob: BlobId
  /** Largest size that is taken, in bytes. */
  readonly bytesMax: number
  /** How long the holder may be silent before it describes the blob, in ms: it hashes it first. */
  readonly describeMs: number
  /** How long it may be silent before each chunk, in ms. */
  readonly stallMs: number
}

export type WholeInput =
  /** The link is up. */
  | { readonly type: 'opened' }
  | { readonly type: 'message'; readonly message: BlocksMessage }
  /** What came was no message. */
  | { readonly type: 'garbage' }
  | { readonly type: 'ended' }

export type WholeOutput =
  | { readonly type: 'send'; readonly message: BlocksMessage }
  /** Over: the bytes of the blob. */
  | { readonly type: 'whole'; readonly bytes: Uint8Array }
  /** Over: it has no such blob or cannot be reached any more; with a fault, it broke the protocol or lied. */
  | { readonly type: 'failed'; readonly fault?: BlocksFault }

/** The number of the first request; chunk `i` is asked for by request `i + 1`. */
const DESCRIBE_REQUEST = 0

export class WholeMachine implements Machine<WholeInput, WholeOutput> {
  readonly #init: WholeInit
  readonly #sha256: Sha256
  #state: 'new' | 'describing' | 'fetching' | 'over' = 'new'
  #deadlineMs: number | undefined
  #hashes: readonly Uint8Array[] = []
  readonly #missing = new Set<number>()
  #content = new Uint8Array()

  constructor(components: { readonly sha256: Sha256 }, init: WholeInit) {
    this.#sha256 = components.sha256
    this.#init = init
  }

  handle(input: WholeInput | TimePassed, nowMs: number): readonly WholeOutput[] {
    if (this.#state === 'over') return []
    switch (input.type) {
      case 'opened':
        return this.#onOpened(nowMs)
      case 'message':
        return this.#onMessage(input.message, nowMs)
      case 'garbage':
        return this.#fail('BLOCKS_FRAME_INVALID')
      case 'ended':
        return this.#fail()
      case 'time-passed':
        return this.#isLate(nowMs) ? this.#fail('BLOCKS_HOLDER_STALLED') : []
    }
  }

  deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  #onOpened(nowMs: number): readonly WholeOutput[] {
    if (this.#state !== 'new') return []
    this.#state = 'describing'
    this.#deadlineMs = nowMs + this.#init.describeMs
    const { blob } = this.#init
    return [{ type: 'send', message: { type: 'describe', request: DESCRIBE_REQUEST, blob } }]
  }

  #onMessage(message: BlocksMessage, nowMs: number): readonly WholeOutput[] {
    if (message.type === 'refuse' && this.#isAsked(message.request)) return this.#fail()
    if (message.type === 'described' && this.#state === 'describing') {
      if (message.request === DESCRIBE_REQUEST) return this.#onDescribed(message, nowMs)
    }
    if (message.type === 'chunk' && this.#isAsked(message.request)) {
      return this.#onChunk(message, nowMs)
    }
    return this.#fail('BLOCKS_MESSAGE_UNEXPECTED')
  }

  #onDescribed({ bytes, chunkHashes }: Described, nowMs: number): readonly WholeOutput[] {
    if (bytes > this.#init.bytesMax) return this.#fail()
    this.#state = 'fetching'
    this.#hashes = chunkHashes
    this.#content = new Uint8Array(bytes)
    if (chunkHashes.length === 0) return this.#end()
    this.#deadlineMs = nowMs + this.#init.stallMs
    return chunkHashes.map((_, index) => {
      this.#missing.add(index)
      const { blob } = this.#init
      return { type: 'send', message: { type: 'want', request: index + 1, blob, index } }
    })
  }

  #onChunk({ request, index, data }: Chunk, nowMs: number): readonly WholeOutput[] {
    const expected = this.#hashes[index]
    const isRight =
      request === index + 1 &&
      expected !== undefined &&
      data.length === chunkLength(this.#content.length, index) &&
      bytesEqual(this.#sha256(data), expected)
    if (!isRight) return this.#fail('BLOCKS_CHUNK_INVALID')
    this.#content.set(data, index * CHUNK_BYTES)
    this.#missing.delete(index)
    if (this.#missing.size === 0) return this.#end()
    this.#deadlineMs = nowMs + this.#init.stallMs
    return []
  }

  #end(): readonly WholeOutput[] {
    const bytes = this.#content
    // Every chunk is what was described: then the description was of something else.
    if (toHex(this.#sha256(bytes)) !== this.#init.blob) return this.#fail('BLOCKS_CHUNK_INVALID')
    this.#over()
    return [{ type: 'whole', bytes }]
  }

  #fail(fault?: BlocksFault): readonly WholeOutput[] {
    this.#over()
    return [{ type: 'failed', ...(fault === undefined ? {} : { fault }) }]
  }

  #over(): void {
    this.#state = 'over'
    this.#deadlineMs = undefined
    this.#content = new Uint8Array()
  }

  #isAsked(request: number): boolean {
    if (this.#state === 'describing') return request === DESCRIBE_REQUEST
    return this.#state === 'fetching' && this.#missing.has(request - 1)
  }

  #isLate(nowMs: number): boolean {
    return this.#deadlineMs !== undefined && nowMs >= this.#deadlineMs
  }
}
