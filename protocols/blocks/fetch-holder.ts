/**
 * What a fetch knows of one holder: whether it can be reached, what it has, and what it was asked for.
 *
 * @module
 */

import type { BlobId, PeerId } from '../../core/ids.ts'
import { ChunkSet } from './chunk-set.ts'
import type { Piece, WantedBlob } from './fetch-pieces.ts'
import {
  CHUNK_BYTES,
  QUERIES_IN_FLIGHT_MAX,
  QUERY_BLOBS_MAX,
  WANTS_IN_FLIGHT_MAX,
} from './limits.ts'
import type { Have, Query } from './messages.ts'

/** Wants that were taken back and whose chunk may still come; the oldest are forgotten. */
const CANCELLED_MAX = 256

/** An answer faster than this lets a holder have more at once, in ms. */
const FAST_ANSWER_MS = 1_000

/** An answer slower than this halves what it has at once, in ms. */
const SLOW_ANSWER_MS = 4_000

/** What a holder was asked for. */
export interface Asked {
  readonly piece: Piece
  readonly sentMs: number
}

/**
 * `new` → `connecting` ⇄ `up`; `waiting` until it is tried again; `gone` after too many failures,
 * until someone names it again; `banned` after a fault, for good.
 */
export type HolderState = 'new' | 'connecting' | 'up' | 'waiting' | 'gone' | 'banned'

export class FetchHolder {
  readonly peer: PeerId
  state: HolderState = 'new'
  /** Failures since it last gave us a chunk. */
  failures = 0
  /** When a `waiting` holder is tried again, and when an `up` one that is busy is asked again. */
  resumeMs = 0
  /** When it last sent something that was asked for, or was first asked for something. */
  heardMs = 0
  readonly asked = new Map<number, Asked>()
  readonly #has = new Map<BlobId, ChunkSet>()
  readonly #queries = new Map<number, readonly BlobId[]>()
  readonly #cancelled = new Set<number>()
  #toQuery: BlobId[] = []
  #bytesAsked = 0
  #bytesStoring = 0
  #windowBytes = 2 * CHUNK_BYTES
  #nextRequest = 0

  constructor(peer: PeerId) {
    this.peer = peer
  }

  /** True when it owes an answer. */
  get owes(): boolean {
    return this.asked.size > 0 || this.#queries.size > 0
  }

  get querying(): boolean {
    return this.#queries.size > 0 || this.#toQuery.length > 0
  }

  /** True when it may be asked for one more chunk: at least one, else as much as its window holds. */
  get spare(): boolean {
    const bytes = this.#bytesAsked + this.#bytesStoring
    return this.asked.size < WANTS_IN_FLIGHT_MAX && (bytes === 0 || bytes < this.#windowBytes)
  }

  has(piece: Piece): boolean {
    return this.#has.get(piece.blob.ref.id)?.has(piece.index) ?? false
  }

  /** It refused a chunk that it said it has. */
  lacks(piece: Piece): void {
    this.#has.get(piece.blob.ref.id)?.delete(piece.index)
  }

  /** True when this very chunk was asked of it. */
  isAsked(piece: Piece): boolean {
    for (const asked of this.asked.values()) if (asked.piece === piece) return true
    return false
  }

  /** A new link: nothing was asked on it yet. */
  reset(nowMs: number): void {
    this.asked.clear()
    this.#queries.clear()
    this.#cancelled.clear()
    this.#has.clear()
    this.#toQuery = []
    this.#bytesAsked = 0
    this.#bytesStoring = 0
    this.#nextRequest = 0
    this.resumeMs = nowMs
    this.heardMs = nowMs
  }

  /** Blobs to ask about, over as many queries as it takes. */
  query(blobs: readonly BlobId[]): void {
    this.#toQuery = [...blobs]
  }

  /** The next query that may be sent now. */
  nextQuery(nowMs: number): Query | undefined {
    if (this.#toQuery.length === 0 || this.#queries.size >= QUERIES_IN_FLIGHT_MAX) return undefined
    this.#beginOwing(nowMs)
    const blobs = this.#toQuery.splice(0, QUERY_BLOBS_MAX)
    const request = this.#nextRequest++
    this.#queries.set(request, blobs)
    return { type: 'query', request, blobs }
  }

  /** False when the answer fits no query or no blob. Blobs that nobody asked about are passed over. */
  learn(have: Have, wanted: (id: BlobId) => WantedBlob | undefined): boolean {
    const blobs = this.#queries.get(have.request)
    if (blobs === undefined) return false
    this.#queries.delete(have.request)
    for (const { blob, held, bits } of have.holdings) {
      const count = wanted(blob)?.ref.chunkHashes.length
      if (count === undefined || !blobs.includes(blob)) continue
      if (held === 'none') this.#has.delete(blob)
      else {
        const chunks = held === 'whole' ? ChunkSet.full(count) : ChunkSet.fromBits(bits, count)
        if (chunks === undefined) return false
        this.#has.set(blob, chunks)
      }
    }
    return true
  }

  /** Notes that it is asked for `piece`; returns the number of the request. */
  ask(piece: Piece, nowMs: number): number {
    this.#beginOwing(nowMs)
    const request = this.#nextRequest++
    this.asked.set(request, { piece, sentMs: nowMs })
    this.#bytesAsked += piece.bytes
    return request
  }

  /** The want was answered, or will not be. */
  unask(request: number): Asked | undefined {
    const asked = this.asked.get(request)
    if (asked === undefined) return undefined
    this.asked.delete(request)
    this.#bytesAsked -= asked.piece.bytes
    return asked
  }

  /** The request of `piece`, taken back. */
  cancel(piece: Piece): number | undefined {
    for (const [request, asked] of this.asked) {
      if (asked.piece !== piece) continue
      this.unask(request)
      this.#cancelled.add(request)
      const [oldest] = this.#cancelled
      if (this.#cancelled.size > CANCELLED_MAX && oldest !== undefined) {
        this.#cancelled.delete(oldest)
      }
      return request
    }
    return undefined
  }

  /** True, once, when `request` was taken back: its answer had been under way. */
  wasCancelled(request: number): boolean {
    return this.#cancelled.delete(request)
  }

  /** A chunk came: it counts against the window until the disk has it. */
  delivered(asked: Asked, windowBytesMax: number, nowMs: number): void {
    const { bytes } = asked.piece
    this.#bytesStoring += bytes
    const elapsedMs = nowMs - asked.sentMs
    if (elapsedMs < FAST_ANSWER_MS) {
      this.#windowBytes = Math.min(windowBytesMax, this.#windowBytes + bytes)
    } else if (elapsedMs > SLOW_ANSWER_MS) {
      this.#windowBytes = Math.max(CHUNK_BYTES, this.#windowBytes / 2)
    }
  }

  /** The disk is done with `bytes` bytes of it. */
  settled(bytes: number): void {
    this.#bytesStoring = Math.max(0, this.#bytesStoring - bytes)
  }

  /** Silence counts from the moment on in which there is something to say. */
  #beginOwing(nowMs: number): void {
    if (!this.owes) this.heardMs = nowMs
  }
}
