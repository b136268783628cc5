/**
 * What a fetch still lacks: blobs, and their chunks in the order in which they are asked for.
 *
 * @module
 */

import type { BlobId } from '../../core/ids.ts'
import { chunkLength, type BlobRef } from './blob-ref.ts'
import type { ChunkSet } from './chunk-set.ts'

/** One chunk that is not here yet. */
export interface Piece {
  readonly blob: WantedBlob
  readonly index: number
  readonly bytes: number
  /** Holders that were asked and have not answered. */
  copies: number
  /** When a holder was last asked for it. */
  askedMs: number
  state: 'lacking' | 'storing' | 'stored'
}

export interface WantedBlob {
  readonly ref: BlobRef
  /** Chunks that are not stored. */
  left: number
  finished: boolean
}

export class FetchPieces {
  readonly #blobs = new Map<BlobId, WantedBlob>()
  /** Chunks that nobody is asked for, those that are to go first at the end. */
  readonly #open: Piece[] = []
  readonly #flying = new Set<Piece>()
  #storing = 0
  #finishing = 0
  #blobsLeft = 0
  #bytesTotal = 0
  #bytesDone = 0

  get bytesTotal(): number {
    return this.#bytesTotal
  }

  /** Bytes of chunks that are stored. */
  get bytesDone(): number {
    return this.#bytesDone
  }

  /** True when every blob is finished. */
  get done(): boolean {
    return this.#blobsLeft === 0
  }

  /** True when some chunk or blob is with the disk. */
  get busy(): boolean {
    return this.#storing > 0 || this.#finishing > 0
  }

  /** Chunks that are not stored. */
  get chunksMissing(): number {
    return this.#open.length + this.#flying.size
  }

  get(id: BlobId): WantedBlob | undefined {
    return this.#blobs.get(id)
  }

  /** Ids of blobs that lack chunks, in order. */
  blobsLacking(): readonly BlobId[] {
    return [...this.#blobs.values()].filter(({ left }) => left > 0).map(({ ref }) => ref.id)
  }

  /** Adds blobs in the order in which they are to come. Those that lack nothing are returned. */
  add(blobs: readonly { readonly ref: BlobRef; readonly held: ChunkSet }[]): readonly WantedBlob[] {
    const whole: WantedBlob[] = []
    const pieces: Piece[] = []
    for (const { ref, held } of blobs) {
      if (this.#blobs.has(ref.id)) continue
      const missing = held.missing()
      const blob: WantedBlob = { ref, left: missing.length, finished: false }
      this.#blobs.set(ref.id, blob)
      this.#blobsLeft++
      this.#bytesTotal += ref.bytes
      const added = missing.map((index) => lacking(blob, index))
      this.#bytesDone += ref.bytes - added.reduce((sum, { bytes }) => sum + bytes, 0)
      pieces.push(...added)
      if (missing.length === 0) whole.push(blob)
    }
    this.#finishing += whole.length
    this.#open.unshift(...pieces.toReversed())
    return whole
  }

  /** Takes the first open chunk that `fits`; the caller asks someone for it. */
  take(fits: (piece: Piece) => boolean): Piece | undefined {
    const at = this.#open.findLastIndex(fits)
    if (at < 0) return undefined
    const [piece] = this.#open.splice(at, 1)
    if (piece === undefined) return undefined
    piece.copies = 1
    this.#flying.add(piece)
    return piece
  }

  /** Takes another copy of a chunk that someone else was asked for. */
  takeCopy(fits: (piece: Piece) => boolean): Piece | undefined {
    for (const piece of this.#flying) {
      if (piece.state !== 'lacking' || !fits(piece)) continue
      piece.copies++
      return piece
    }
    return undefined
  }

  /** A holder that was asked will not answer. */
  giveBack(piece: Piece): void {
    piece.copies--
    this.#reopen(piece)
  }

  /** The bytes of a chunk were handed to the disk. */
  storing(piece: Piece): void {
    piece.copies--
    piece.state = 'storing'
    this.#storing++
  }

  /** The bytes were wrong. */
  rejected(piece: Piece): void {
    piece.state = 'lacking'
    this.#storing--
    this.#reopen(piece)
  }

  /** True when that was the last chunk of its blob. */
  stored(piece: Piece): boolean {
    piece.state = 'stored'
    this.#storing--
    this.#flying.delete(piece)
    this.#bytesDone += piece.bytes
    piece.blob.left--
    if (piece.blob.left > 0) return false
    this.#finishing++
    return true
  }

  finished(blob: WantedBlob): void {
    if (blob.finished) return
    blob.finished = true
    this.#finishing--
    this.#blobsLeft--
  }

  /** The disk lost chunks of a blob whose chunks were all stored. */
  lost(blob: WantedBlob, indices: readonly number[]): void {
    const pieces = indices.map((index) => lacking(blob, index))
    if (pieces.length > 0) this.#finishing--
    blob.left += pieces.length
    this.#bytesDone -= pieces.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#open.push(...pieces.toReversed())
  }

  #reopen(piece: Piece): void {
    if (piece.copies > 0 || piece.state !== 'lacking') return
    this.#flying.delete(piece)
    this.#open.push(piece)
  }
}

function lacking(blob: WantedBlob, index: number): Piece {
  return {
    blob,
    index,
    bytes: chunkLength(blob.ref.bytes, index),
    copies: 0,
    askedMs: 0,
    state: 'lacking',
  }
}
