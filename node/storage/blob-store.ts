/**
 * Bytes by the hash of their content: weights and graphs of models.
 *
 * `<root>/blobs/<2 hex>/<64 hex>` are whole blobs, which nobody changes and executors map
 * into memory; `<root>/partial` those that are still arriving; `<root>/quarantine` the last
 * few that were found damaged.
 *
 * @module
 */

import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../core/clock.ts'
import { asBlobId, type BlobId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import {
  blobRefMismatch,
  CHUNK_BYTES,
  type BlobRef,
  type ChunkSet,
} from '../../protocols/blocks/index.ts'
import { removeQuietly, removeTemporaries, syncDirectory, temporaryPath } from './atomic-file.ts'
import { BlobHasher, blobRefOf } from './blob-hasher.ts'
import { BlobSpace } from './blob-space.ts'
import { StorageError, storageErrorOf } from './errors.ts'
import { hasErrno, nodeFileSystem, type FileSystem } from './file-system.ts'
import { hashFile, PartialBlob, readPartialChunks } from './partial-blob.ts'

/** Damaged blobs that are kept for a look. */
const QUARANTINED_MAX = 8

export interface BlobStoreComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly fileSystem?: FileSystem
}

export interface BlobStoreInit {
  /** Folder of the store: `<state>/store`. */
  readonly root: string
  /** Bytes that blobs may take, partial ones included. */
  readonly quotaBytes: number
  /** Bytes that must stay free on the disk. */
  readonly freeBytesMin: number
}

export interface HeldBlob {
  readonly id: BlobId
  readonly bytes: number
}

export interface CollectInit {
  /** Blobs that something still refers to. */
  readonly keep: ReadonlySet<BlobId>
  /** How old others must be to go, in ms: those of an import that is under way are young. */
  readonly graceMs: number
}

export interface Collected {
  readonly blobs: number
  readonly bytes: number
}

/** Every method that touches the disk throws {@link StorageError}. Used between `start` and `stop`. */
export class BlobStore implements Startable {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #fileSystem: FileSystem
  readonly #init: BlobStoreInit
  readonly #space: BlobSpace
  readonly #sizes = new Map<BlobId, number>()
  readonly #pins = new Map<BlobId, number>()
  readonly #writers = new Map<BlobId, Promise<PartialBlob>>()

  constructor(components: BlobStoreComponents, init: BlobStoreInit) {
    this.#clock = components.clock
    this.#logger = components.logger
    this.#fileSystem = components.fileSystem ?? nodeFileSystem
    this.#init = init
    this.#space = new BlobSpace(this.#fileSystem, { path: init.root, ...init })
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#guard(async () => {
      for (const folder of ['blobs', 'partial', 'quarantine']) {
        await this.#fileSystem.mkdir(this.#path(folder), { recursive: true, mode: 0o700 })
      }
      await removeTemporaries(this.#fileSystem, this.#path('partial'))
      for (const folder of await this.#fileSystem.readdir(this.#path('blobs'))) {
        signal.throwIfAborted()
        if (/^[0-9a-f]{2}$/.test(folder)) await this.#index(folder)
      }
      await this.#tidyPartials()
    })
  }

  /** Keeps what partial blobs have. */
  async stop(): Promise<void> {
    const writers = await Promise.allSettled(this.#writers.values())
    for (const writer of writers) if (writer.status === 'fulfilled') await writer.value.close()
  }

  has(id: BlobId): boolean {
    return this.#sizes.has(id)
  }

  /** Bytes of a blob, or undefined when it is not held. */
  size(id: BlobId): number | undefined {
    return this.#sizes.get(id)
  }

  /** Where the blob is, or would be. Others may read the file, never change it. */
  pathOf(id: BlobId): string {
    return this.#path('blobs', id.slice(0, 2), id)
  }

  list(): readonly HeldBlob[] {
    return [...this.#sizes].map(([id, bytes]) => ({ id, bytes }))
  }

  /** Bytes of all blobs, and of those that are being written in full. */
  get usedBytes(): number {
    return this.#space.usedBytes
  }

  get quotaBytes(): number {
    return this.#init.quotaBytes
  }

  /** Stores bytes that are in memory. @throws {StorageError} `BLOB_QUOTA_EXCEEDED`, `STATE_DISK_FULL`. */
  async put(bytes: Uint8Array): Promise<BlobRef> {
    const ref = blobRefOf(bytes)
    if (this.has(ref.id)) return ref
    await this.#writeNew(bytes.length, async (path) => {
      await using file = await this.#fileSystem.open(path, 'wx', 0o600)
      await file.writeFile(bytes)
      await file.sync()
      return ref
    })
    return ref
  }

  /** Stores a copy of the file at `path`, read once and in pieces. */
  async putFile(path: string, signal?: AbortSignal): Promise<BlobRef> {
    const { size } = await this.#guard(() => this.#fileSystem.stat(path))
    return this.#writeNew(size, async (temporary) => {
      const hasher = new BlobHasher()
      await using file = await this.#fileSystem.open(temporary, 'wx', 0o600)
      await pipeline(
        createReadStream(path, { highWaterMark: CHUNK_BYTES }),
        async (source: AsyncIterable<Uint8Array>) => {
          for await (const part of source) {
            hasher.update(part)
            await file.writeFile(part)
          }
        },
        { signal },
      )
      await file.sync()
      return hasher.ref()
    })
  }

  /**
   * `length` bytes from `offset` on. @throws {StorageError} `BLOB_NOT_FOUND`, or `BLOB_CORRUPTED`
   * when the file is shorter than it was.
   */
  async read(id: BlobId, offset: number, length: number): Promise<Uint8Array> {
    const size = this.#sizeOf(id)
    invariant(offset >= 0 && length >= 0 && offset + length <= size, 'a read lies within its blob')
    const bytes = new Uint8Array(length)
    const read = await this.#withFile(id, async (file) => {
      let at = 0
      for (let more = 1; more > 0 && at < length; at += more) {
        more = (await file.read(bytes, at, length - at, offset + at)).bytesRead
      }
      return at
    })
    if (read < length) await this.#quarantine(id)
    return bytes
  }

  /** The reference of a held blob, found by reading it. Its `id` is what the bytes really have. */
  async refOf(id: BlobId): Promise<BlobRef> {
    const size = this.#sizeOf(id)
    return this.#withFile(id, (file) => hashFile(file, size))
  }

  /**
   * Opens a blob that is not held for writing its chunks, taking up what was written before.
   *
   * @throws {StorageError} `BLOB_REF_INVALID`, `BLOB_BUSY`, `BLOB_QUOTA_EXCEEDED`, `STATE_DISK_FULL`.
   */
  async openWriter(ref: BlobRef): Promise<PartialBlob> {
    const reason = blobRefMismatch(ref)
    if (reason !== undefined) {
      throw new StorageError({ code: 'BLOB_REF_INVALID', id: ref.id, reason })
    }
    if (this.#writers.has(ref.id)) throw new StorageError({ code: 'BLOB_BUSY', id: ref.id })
    const opening = this.#openWriter(ref)
    this.#writers.set(ref.id, opening)
    try {
      return await opening
    } catch (error) {
      this.#writers.delete(ref.id)
      throw error
    }
  }

  /** Which chunks of a blob that is not held are here already, so that only the others are fetched. */
  async partialChunks(ref: BlobRef): Promise<ChunkSet> {
    const path = this.#path('partial', ref.id)
    return this.#guard(() => readPartialChunks(this.#fileSystem, { ref, path }))
  }

  /** @throws {StorageError} `BLOB_QUOTA_EXCEEDED` or `STATE_DISK_FULL` when `bytes` more would not fit. */
  async checkSpace(bytes: number): Promise<void> {
    const release = await this.#space.reserve(bytes)
    release()
  }

  /** Removes a blob; false when it was not held. @throws {StorageError} `BLOB_BUSY` when it is pinned. */
  async remove(id: BlobId): Promise<boolean> {
    const size = this.#sizes.get(id)
    if (size === undefined) return false
    if (this.#pins.has(id)) throw new StorageError({ code: 'BLOB_BUSY', id })
    this.#forget(id)
    await this.#guard(() => this.#fileSystem.rm(this.pathOf(id), { force: true }))
    return true
  }

  /** Keeps blobs from being removed until the result is called. */
  pin(ids: readonly BlobId[]): () => void {
    for (const id of ids) this.#pins.set(id, (this.#pins.get(id) ?? 0) + 1)
    let pinned = true
    return () => {
      if (!pinned) return
      pinned = false
      for (const id of ids) {
        const left = (this.#pins.get(id) ?? 1) - 1
        if (left === 0) this.#pins.delete(id)
        else this.#pins.set(id, left)
      }
    }
  }

  /** Hashes a blob again. @throws {StorageError} `BLOB_CORRUPTED`, and the file is in quarantine; `BLOB_NOT_FOUND`. */
  async verify(id: BlobId): Promise<void> {
    const actual = await this.refOf(id)
    if (actual.id !== id) await this.#quarantine(id)
  }

  /** Removes blobs, and partial ones, that nothing refers to, nothing pins and that are older than the grace. */
  async collect(init: CollectInit): Promise<Collected> {
    let blobs = 0
    let bytes = 0
    for (const held of this.list()) {
      if (init.keep.has(held.id) || this.#pins.has(held.id)) continue
      const young = await this.#isYoung(this.pathOf(held.id), init.graceMs)
      if (young || this.#pins.has(held.id)) continue
      await this.remove(held.id)
      blobs++
      bytes += held.bytes
    }
    await this.#collectPartials(init)
    return { blobs, bytes }
  }

  async #openWriter(ref: BlobRef): Promise<PartialBlob> {
    const release = await this.#space.reserve(ref.bytes)
    try {
      return await PartialBlob.fromDisk(
        {
          fileSystem: this.#fileSystem,
          place: (path) => this.#place(path, ref),
          closed: () => {
            release()
            this.#writers.delete(ref.id)
          },
        },
        { ref, path: this.#path('partial', ref.id) },
      )
    } catch (error) {
      release()
      throw error
    }
  }

  /** Lets `write` fill a new file, and makes it the blob that it says it is. */
  async #writeNew(bytes: number, write: (path: string) => Promise<BlobRef>): Promise<BlobRef> {
    const release = await this.#space.reserve(bytes)
    const temporary = temporaryPath(this.#path('partial'), 'blob')
    try {
      const ref = await this.#guard(() => write(temporary))
      if (!this.has(ref.id)) await this.#guard(() => this.#place(temporary, ref))
      return ref
    } finally {
      release()
      await removeQuietly(this.#fileSystem, temporary)
    }
  }

  async #place(path: string, ref: BlobRef): Promise<void> {
    const folder = this.#path('blobs', ref.id.slice(0, 2))
    await this.#fileSystem.mkdir(folder, { recursive: true, mode: 0o700 })
    await this.#fileSystem.rename(path, this.pathOf(ref.id))
    await syncDirectory(this.#fileSystem, folder)
    if (this.#sizes.has(ref.id)) return
    this.#sizes.set(ref.id, ref.bytes)
    this.#space.hold(ref.bytes)
  }

  async #quarantine(id: BlobId): Promise<never> {
    this.#logger.error('blob-corrupted', { id })
    this.#forget(id)
    await this.#guard(async () => {
      const folder = this.#path('quarantine')
      await this.#fileSystem.rename(this.pathOf(id), join(folder, `${this.#clock.wallMs()}-${id}`))
      const names = (await this.#fileSystem.readdir(folder)).toSorted()
      for (const name of names.slice(0, -QUARANTINED_MAX)) {
        await removeQuietly(this.#fileSystem, join(folder, name))
      }
    })
    throw new StorageError({ code: 'BLOB_CORRUPTED', id })
  }

  async #withFile<T>(
    id: BlobId,
    use: (file: Awaited<ReturnType<FileSystem['open']>>) => Promise<T>,
  ): Promise<T> {
    try {
      await using file = await this.#fileSystem.open(this.pathOf(id), 'r')
      return await use(file)
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw storageErrorOf(error, this.pathOf(id))
      // Someone else removed the file: better to know than to promise it again.
      this.#forget(id)
      throw new StorageError({ code: 'BLOB_NOT_FOUND', id }, { cause: error })
    }
  }

  async #index(folder: string): Promise<void> {
    const names = await this.#fileSystem.readdir(this.#path('blobs', folder))
    const indexOne = async (name: string): Promise<void> => {
      const id = asBlobId(name)
      if (id === undefined || !name.startsWith(folder)) return
      const { size } = await this.#fileSystem.stat(this.pathOf(id))
      this.#sizes.set(id, size)
      this.#space.hold(size)
    }
    await Promise.all(names.map(indexOne))
  }

  /** Data without bits holds nothing that could be trusted, bits without data nothing at all. */
  async #tidyPartials(): Promise<void> {
    const names = new Set(await this.#fileSystem.readdir(this.#path('partial')))
    for (const name of names) {
      const stem = name.replace(/\.(?:data|bits)$/, '')
      const whole = names.has(`${stem}.data`) && names.has(`${stem}.bits`)
      if (!whole || this.has(stem as BlobId)) {
        await removeQuietly(this.#fileSystem, this.#path('partial', name))
      }
    }
  }

  async #collectPartials(init: CollectInit): Promise<void> {
    for (const name of await this.#guard(() => this.#fileSystem.readdir(this.#path('partial')))) {
      const id = asBlobId(name.replace(/\.(?:data|bits)$/, ''))
      if (id === undefined || this.#writers.has(id) || init.keep.has(id)) continue
      const path = this.#path('partial', name)
      if (!(await this.#isYoung(path, init.graceMs))) await removeQuietly(this.#fileSystem, path)
    }
  }

  async #isYoung(path: string, graceMs: number): Promise<boolean> {
    try {
      const { mtimeMs } = await this.#fileSystem.stat(path)
      return this.#clock.wallMs() - mtimeMs < graceMs
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return false
      throw storageErrorOf(error, path)
    }
  }

  #sizeOf(id: BlobId): number {
    const size = this.#sizes.get(id)
    if (size === undefined) throw new StorageError({ code: 'BLOB_NOT_FOUND', id })
    return size
  }

  #forget(id: BlobId): void {
    this.#space.hold(-(this.#sizes.get(id) ?? 0))
    this.#sizes.delete(id)
  }

  #path(...names: readonly string[]): string {
    return join(this.#init.root, ...names)
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw storageErrorOf(error, this.#init.root)
    }
  }
}
