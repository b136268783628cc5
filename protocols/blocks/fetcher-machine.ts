/**
 * The fetcher's side: gets a list of blobs, chunk by chunk, from several holders at once.
 *
 * Every holder is asked for a few chunks at a time, more while it is fast. When nothing
 * is left to ask for, idle holders are asked for what others are slow with. A holder
 * whose bytes are wrong is not asked again; one that is silent or gone is tried again
 * later. The fetch fails only when nobody that can be reached has what is missing.
 *
 * @module
 */

import type { BlobId, PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import type { BlobRef } from './blob-ref.ts'
import type { ChunkSet } from './chunk-set.ts'
import type { BlocksFailure, BlocksFault } from './errors.ts'
import { FetchHolder } from './fetch-holder.ts'
import { FetchPieces, type Piece, type WantedBlob } from './fetch-pieces.ts'
import type { BlocksMessage, Chunk, Have, Refuse } from './messages.ts'

/** Holders that one fetch knows; later ones are passed over. */
export const HOLDERS_MAX = 64

/** How many holders are asked for one chunk at once. */
const COPIES_MAX = 2

export interface FetcherInit {
  /** Bytes that one holder is asked for at once, at most. At least one chunk is always asked for. */
  readonly windowBytesMax: number
  /** Age of a request after which an idle holder is asked as well, in ms. */
  readonly reissueMs: number
  /** How long a holder may be silent while it owes an answer, in ms. */
  readonly stallMs: number
  /** Delay before a failed holder is tried again, in ms; doubles with each failure. */
  readonly retryMs: number
  /** Failures in a row after which a holder is given up. */
  readonly failuresMax: number
  /** How long to look for further holders when those that are known cannot help, in ms. */
  readonly searchMs: number
  /** Time between two searches, in ms. */
  readonly searchEveryMs: number
}

export interface FetchStart {
  readonly type: 'start'
  /** Blobs in the order in which they are wanted, each with the chunks that are here already. */
  readonly blobs: readonly { readonly ref: BlobRef; readonly held: ChunkSet }[]
  readonly holders: readonly PeerId[]
}

export type FetcherInput =
  | FetchStart
  | { readonly type: 'holder-found'; readonly holder: PeerId }
  | { readonly type: 'link-up'; readonly holder: PeerId }
  /** The link ended, or could not be opened. */
  | { readonly type: 'link-down'; readonly holder: PeerId }
  | { readonly type: 'message'; readonly holder: PeerId; readonly message: BlocksMessage }
  /** What came was no message. */
  | { readonly type: 'garbage'; readonly holder: PeerId }
  /** The answer to `store`: the chunk is on the disk, or its hash was wrong. */
  | { readonly type: 'stored'; readonly piece: Piece; readonly holder: PeerId }
  | { readonly type: 'rejected'; readonly piece: Piece; readonly holder: PeerId }
  /** The answer to `finish`: the blob is in the store, or the disk had lost some chunks. */
  | { readonly type: 'finished'; readonly blob: BlobId }
  | { readonly type: 'damaged'; readonly blob: BlobId; readonly missing: readonly number[] }

export type FetcherOutput =
  | { readonly type: 'connect'; readonly holder: PeerId }
  | { readonly type: 'send'; readonly holder: PeerId; readonly message: BlocksMessage }
  /** Check the hash of a chunk and write it, then feed `stored` or `rejected`. */
  | {
      readonly type: 'store'
      readonly holder: PeerId
      readonly piece: Piece
      readonly data: Uint8Array
    }
  /** All chunks of a blob are stored: check it as a whole. */
  | { readonly type: 'finish'; readonly blob: BlobId }
  /** Close the link: the holder broke the protocol, lied or is silent. */
  | { readonly type: 'fault'; readonly holder: PeerId; readonly code: BlocksFault }
  /** Look for further holders and feed `holder-found`. */
  | { readonly type: 'search' }
  | {
      readonly type: 'progress'
      readonly bytesDone: number
      readonly bytesTotal: number
      /** Holders whose link is up. */
      readonly holders: number
    }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly failure: BlocksFailure }

export class FetcherMachine implements Machine<FetcherInput, FetcherOutput> {
  readonly #init: FetcherInit
  readonly #pieces = new FetchPieces()
  readonly #holders = new Map<PeerId, FetchHolder>()
  #outputs: FetcherOutput[] = []
  #nowMs = 0
  #state: 'new' | 'fetching' | 'over' = 'new'
  /** Since when nobody could help; undefined while someone may. */
  #searchSinceMs: number | undefined
  #searchAtMs: number | undefined

  constructor(init: FetcherInit) {
    this.#init = init
  }

  handle(input: FetcherInput | TimePassed, nowMs: number): readonly FetcherOutput[] {
    this.#nowMs = nowMs
    this.#outputs = []
    if (this.#state === 'new' && input.type === 'start') this.#start(input)
    else if (this.#state === 'fetching') this.#step(input)
    if (this.#state === 'fetching') this.#proceed()
    return this.#outputs
  }

  deadlineMs(): number | undefined {
    if (this.#state !== 'fetching') return undefined
    // A search that is due already is held up by something that is under way.
    const searchAtMs = this.#searchAtMs ?? -Infinity
    let deadlineMs = searchAtMs > this.#nowMs ? searchAtMs : Infinity
    for (const holder of this.#holders.values()) {
      deadlineMs = Math.min(deadlineMs, this.#holderDeadlineMs(holder))
    }
    return deadlineMs === Infinity ? undefined : deadlineMs
  }

  #start(start: FetchStart): void {
    this.#state = 'fetching'
    for (const peer of start.holders) this.#find(peer)
    const whole = this.#pieces.add(start.blobs)
    for (const { ref } of whole) this.#outputs.push({ type: 'finish', blob: ref.id })
    this.#report()
  }

  #step(input: FetcherInput | TimePassed): void {
    switch (input.type) {
      case 'start':
        return
      case 'time-passed':
        return this.#onTimePassed()
      case 'holder-found':
        return this.#find(input.holder)
      case 'stored':
      case 'rejected':
        return this.#onStored(input.piece, input.holder, input.type === 'stored')
      case 'finished':
      case 'damaged': {
        const blob = this.#pieces.get(input.blob)
        if (blob === undefined || blob.left > 0) return
        if (input.type === 'finished') this.#pieces.finished(blob)
        else this.#onDamaged(blob, input.missing)
        return
      }
      default:
        return this.#onHolder(input)
    }
  }

  #onHolder(
    input: Extract<
      FetcherInput,
      { readonly type: 'link-up' | 'link-down' | 'message' | 'garbage' }
    >,
  ): void {
    const holder = this.#holders.get(input.holder)
    if (holder === undefined || holder.state === 'banned') return
    switch (input.type) {
      case 'link-up':
        holder.state = 'up'
        holder.reset(this.#nowMs)
        holder.query(this.#pieces.blobsLacking())
        return this.#report()
      case 'link-down':
        return this.#lose(holder)
      case 'garbage':
        return this.#ban(holder, 'BLOCKS_FRAME_INVALID')
      case 'message':
        if (holder.state === 'up') this.#onMessage(holder, input.message)
    }
  }

  #onMessage(holder: FetchHolder, message: BlocksMessage): void {
    switch (message.type) {
      case 'have':
        return this.#onHave(holder, message)
      case 'chunk':
        return this.#onChunk(holder, message)
      case 'refuse':
        return this.#onRefuse(holder, message)
      case 'query':
      case 'want':
      case 'cancel':
      // A fetch knows its blobs already.
      case 'describe':
      case 'described':
        return this.#ban(holder, 'BLOCKS_MESSAGE_UNEXPECTED')
    }
  }

  #onHave(holder: FetchHolder, have: Have): void {
    if (!holder.learn(have, (id) => this.#pieces.get(id))) {
      return this.#ban(holder, 'BLOCKS_HAVE_INVALID')
    }
    holder.heardMs = this.#nowMs
  }

  #onChunk(holder: FetchHolder, chunk: Chunk): void {
    const asked = holder.unask(chunk.request)
    if (asked === undefined) {
      if (!holder.wasCancelled(chunk.request)) this.#ban(holder, 'BLOCKS_MESSAGE_UNEXPECTED')
      return
    }
    const { piece } = asked
    if (chunk.index !== piece.index || chunk.data.length !== piece.bytes) {
      this.#pieces.giveBack(piece)
      return this.#ban(holder, 'BLOCKS_CHUNK_INVALID')
    }
    holder.heardMs = this.#nowMs
    // A copy that comes while the first is being checked is not needed unless that one is wrong.
    if (piece.state !== 'lacking') return this.#pieces.giveBack(piece)
    holder.delivered(asked, this.#init.windowBytesMax, this.#nowMs)
    this.#pieces.storing(piece)
    this.#outputs.push({ type: 'store', holder: holder.peer, piece, data: chunk.data })
  }

  #onRefuse(holder: FetchHolder, refuse: Refuse): void {
    const asked = holder.unask(refuse.request)
    if (asked === undefined) {
      if (!holder.wasCancelled(refuse.request)) this.#ban(holder, 'BLOCKS_MESSAGE_UNEXPECTED')
      return
    }
    this.#pieces.giveBack(asked.piece)
    holder.heardMs = this.#nowMs
    if (refuse.code !== 'busy') return holder.lacks(asked.piece)
    // One pause for all that were refused at once.
    if (holder.resumeMs <= this.#nowMs) this.#pause(holder)
  }

  #onStored(piece: Piece, peer: PeerId, right: boolean): void {
    if (piece.state !== 'storing') return
    const holder = this.#holders.get(peer)
    holder?.settled(piece.bytes)
    if (!right) {
      this.#pieces.rejected(piece)
      if (holder !== undefined) this.#ban(holder, 'BLOCKS_CHUNK_INVALID')
      return
    }
    if (holder !== undefined) holder.failures = 0
    this.#searchSinceMs = undefined
    this.#searchAtMs = undefined
    this.#cancelCopies(piece)
    const last = this.#pieces.stored(piece)
    this.#report()
    if (last) this.#outputs.push({ type: 'finish', blob: piece.blob.ref.id })
  }

  #onDamaged(blob: WantedBlob, missing: readonly number[]): void {
    const { length } = blob.ref.chunkHashes
    this.#pieces.lost(
      blob,
      missing.filter((index) => index >= 0 && index < length),
    )
    if (blob.left === 0) this.#outputs.push({ type: 'finish', blob: blob.ref.id })
  }

  #onTimePassed(): void {
    for (const holder of this.#holders.values()) {
      const silentMs = this.#nowMs - holder.heardMs
      if (holder.state === 'up' && holder.owes && silentMs >= this.#init.stallMs) {
        this.#outputs.push({ type: 'fault', holder: holder.peer, code: 'BLOCKS_HOLDER_STALLED' })
        this.#lose(holder)
      }
    }
  }

  /** All that follows from the new state: whom to dial, what to ask, whether it is over. */
  #proceed(): void {
    if (this.#pieces.done) {
      this.#state = 'over'
      this.#outputs.push({ type: 'done' })
      return
    }
    for (const holder of this.#holders.values()) this.#connect(holder)
    this.#query()
    this.#ask()
    if (this.#helpless()) this.#search()
  }

  #connect(holder: FetchHolder): void {
    const due = holder.state === 'waiting' && holder.resumeMs <= this.#nowMs
    if (holder.state !== 'new' && !due) return
    holder.state = 'connecting'
    this.#outputs.push({ type: 'connect', holder: holder.peer })
  }

  #query(): void {
    for (const holder of this.#holders.values()) {
      if (holder.state !== 'up') continue
      for (;;) {
        const message = holder.nextQuery(this.#nowMs)
        if (message === undefined) break
        this.#outputs.push({ type: 'send', holder: holder.peer, message })
      }
    }
  }

  /** Holders take turns, one chunk each, so that what is left at the end is spread. */
  #ask(): void {
    let asking = [...this.#holders.values()]
    while (asking.length > 0) asking = asking.filter((holder) => this.#askOne(holder))
  }

  /** True when `holder` was asked for one more chunk. */
  #askOne(holder: FetchHolder): boolean {
    if (holder.state !== 'up' || !holder.spare || holder.resumeMs > this.#nowMs) return false
    const piece =
      this.#pieces.take((one) => holder.has(one)) ??
      this.#pieces.takeCopy((one) => this.#isLate(one) && holder.has(one) && !holder.isAsked(one))
    if (piece === undefined) return false
    piece.askedMs = this.#nowMs
    const request = holder.ask(piece, this.#nowMs)
    const { blob, index } = piece
    const message = { type: 'want', request, blob: blob.ref.id, index } as const
    this.#outputs.push({ type: 'send', holder: holder.peer, message })
    return true
  }

  #isLate(piece: Piece): boolean {
    return piece.copies < COPIES_MAX && piece.askedMs + this.#init.reissueMs <= this.#nowMs
  }

  #cancelCopies(piece: Piece): void {
    if (piece.copies === 0) return
    for (const holder of this.#holders.values()) {
      const request = holder.cancel(piece)
      if (request === undefined) continue
      piece.copies--
      const message = { type: 'cancel', request } as const
      this.#outputs.push({ type: 'send', holder: holder.peer, message })
    }
  }

  /** True when nothing is under way that could bring a missing chunk. */
  #helpless(): boolean {
    for (const holder of this.#holders.values()) {
      if (holder.state === 'connecting' || holder.state === 'waiting') return false
      if (holder.state !== 'up') continue
      if (holder.owes || holder.querying || holder.resumeMs > this.#nowMs) return false
    }
    return !this.#pieces.busy
  }

  #search(): void {
    const sinceMs = (this.#searchSinceMs ??= this.#nowMs)
    if (this.#nowMs >= sinceMs + this.#init.searchMs) {
      this.#state = 'over'
      const { chunksMissing } = this.#pieces
      this.#outputs.push({ type: 'failed', failure: { code: 'BLOCKS_NO_HOLDER', chunksMissing } })
      return
    }
    if (this.#searchAtMs !== undefined && this.#nowMs < this.#searchAtMs) return
    this.#searchAtMs = this.#nowMs + this.#init.searchEveryMs
    this.#outputs.push({ type: 'search' })
    if (this.#nowMs === sinceMs) return
    // Who lacked a chunk may have fetched it in the meantime.
    const lacking = this.#pieces.blobsLacking()
    for (const holder of this.#holders.values()) if (holder.state === 'up') holder.query(lacking)
    this.#query()
  }

  #find(peer: PeerId): void {
    const known = this.#holders.get(peer)
    if (known === undefined) {
      if (this.#holders.size < HOLDERS_MAX) this.#holders.set(peer, new FetchHolder(peer))
      return
    }
    // Named again after it was given up: one more try.
    if (known.state === 'gone') known.state = 'new'
  }

  /** What was asked of `holder` is asked of others, and of itself again after a while. */
  #lose(holder: FetchHolder): void {
    if (holder.state === 'gone' || holder.state === 'waiting') return
    const wasUp = holder.state === 'up'
    this.#release(holder)
    holder.failures++
    if (holder.failures > this.#init.failuresMax) holder.state = 'gone'
    else {
      holder.state = 'waiting'
      holder.resumeMs = this.#nowMs + this.#delayMs(holder)
    }
    if (wasUp) this.#report()
  }

  #pause(holder: FetchHolder): void {
    holder.failures++
    if (holder.failures > this.#init.failuresMax) {
      this.#outputs.push({ type: 'fault', holder: holder.peer, code: 'BLOCKS_HOLDER_STALLED' })
      this.#release(holder)
      holder.state = 'gone'
      return
    }
    holder.resumeMs = this.#nowMs + this.#delayMs(holder)
  }

  #ban(holder: FetchHolder, code: BlocksFault): void {
    if (holder.state === 'banned') return
    this.#release(holder)
    holder.state = 'banned'
    this.#outputs.push({ type: 'fault', holder: holder.peer, code })
    this.#report()
  }

  #release(holder: FetchHolder): void {
    for (const { piece } of holder.asked.values()) this.#pieces.giveBack(piece)
    holder.reset(this.#nowMs)
  }

  #delayMs(holder: FetchHolder): number {
    return this.#init.retryMs * 2 ** Math.min(holder.failures - 1, 10)
  }

  #report(): void {
    const { bytesDone, bytesTotal } = this.#pieces
    const holders = [...this.#holders.values()].filter(({ state }) => state === 'up').length
    this.#outputs.push({ type: 'progress', bytesDone, bytesTotal, holders })
  }

  #holderDeadlineMs(holder: FetchHolder): number {
    if (holder.state === 'waiting') return holder.resumeMs
    if (holder.state !== 'up') return Infinity
    const deadlines = [holder.owes ? holder.heardMs + this.#init.stallMs : Infinity]
    if (holder.resumeMs > this.#nowMs) deadlines.push(holder.resumeMs)
    for (const { piece } of holder.asked.values()) {
      const lateMs = piece.askedMs + this.#init.reissueMs
      // A chunk that is late already is looked at whenever a holder becomes idle.
      if (piece.copies < COPIES_MAX && lateMs > this.#nowMs) deadlines.push(lateMs)
    }
    return Math.min(...deadlines)
  }
}
