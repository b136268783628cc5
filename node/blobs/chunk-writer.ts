/**
 * Writes the chunks of one fetch to the disk, a few at a time, and completes blobs.
 *
 * The last chunk of a blob is not done before the blob is: so a fetch of thousands of
 * small blobs keeps few files open and waits for the disk instead of filling memory.
 *
 * @module
 */

import { errorCode } from '../../core/errors.ts'
import type { BlobId } from '../../core/ids.ts'
import type { BlobRef } from '../../protocols/blocks/index.ts'
import type { BlobStore } from '../storage/blob-store.ts'
import type { PartialBlob } from '../storage/partial-blob.ts'

/** Chunks that are checked and written at once. */
const WRITES_MAX = 8

/** How often a blob that the disk damages is fetched again. */
const REPAIRS_MAX = 3

/** What became of a blob: it is in the store, or lacks chunks that the disk had lost. */
export type Completed =
  | { readonly type: 'finished' }
  | { readonly type: 'damaged'; readonly missing: readonly number[] }

export class ChunkWriter {
  readonly #blobs: BlobStore
  readonly #writers = new Map<BlobId, Promise<PartialBlob>>()
  /** Never forgotten once it ended well: a blob is finished for good. */
  readonly #finishing = new Map<BlobId, Promise<void>>()
  readonly #damaged = new Map<BlobId, readonly number[]>()
  readonly #repairs = new Map<BlobId, number>()
  readonly #waiting: (() => void)[] = []
  #writing = 0

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  /**
   * Checks and writes a chunk, and completes its blob when it was the last one. False when the
   * bytes are not that chunk.
   *
   * @throws {StorageError} when the disk fails or is full.
   */
  async write(ref: BlobRef, index: number, data: Uint8Array): Promise<boolean> {
    await this.#enter()
    try {
      const writer = await this.#writer(ref)
      await writer.writeChunk(index, data)
      if (writer.missing().length === 0) await this.#finish(writer)
      return true
    } catch (error) {
      if (errorCode(error) === 'BLOB_CHUNK_INVALID') return false
      throw error
    } finally {
      this.#leave()
    }
  }

  /** Says what became of a blob whose chunks are all written, and completes it if that was not done. */
  async complete(ref: BlobRef): Promise<Completed> {
    await this.#enter()
    try {
      if (!this.#blobs.has(ref.id) && !this.#damaged.has(ref.id)) {
        await this.#finish(await this.#writer(ref))
      }
    } finally {
      this.#leave()
    }
    const missing = this.#damaged.get(ref.id)
    this.#damaged.delete(ref.id)
    return missing === undefined ? { type: 'finished' } : { type: 'damaged', missing }
  }

  /** Keeps what is there for a later fetch. Every file is closed even when the disk fails. */
  async close(): Promise<void> {
    const writers = [...this.#writers.values()]
    this.#writers.clear()
    const closed = await Promise.allSettled(
      writers.map(async (writer) => {
        await (await writer).close()
      }),
    )
    for (const result of closed) if (result.status === 'rejected') throw result.reason
  }

  /** Chunks that are written at once may all find that none is missing: the blob is finished once. */
  #finish(writer: PartialBlob): Promise<void> {
    const { id } = writer.ref
    const finishing = this.#finishing.get(id) ?? this.#finishOnce(writer)
    this.#finishing.set(id, finishing)
    return finishing
  }

  async #finishOnce(writer: PartialBlob): Promise<void> {
    const { id } = writer.ref
    try {
      await writer.finish()
      this.#writers.delete(id)
    } catch (error) {
      const repairs = (this.#repairs.get(id) ?? 0) + 1
      this.#repairs.set(id, repairs)
      if (errorCode(error) !== 'BLOB_CORRUPTED' || repairs > REPAIRS_MAX) throw error
      this.#damaged.set(id, writer.missing())
      this.#finishing.delete(id)
    }
  }

  #writer(ref: BlobRef): Promise<PartialBlob> {
    const known = this.#writers.get(ref.id)
    if (known !== undefined) return known
    const opened = this.#blobs.openWriter(ref)
    this.#writers.set(ref.id, opened)
    return opened
  }

  async #enter(): Promise<void> {
    while (this.#writing >= WRITES_MAX) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#writing++
  }

  #leave(): void {
    this.#writing--
    this.#waiting.shift()?.()
  }
}
