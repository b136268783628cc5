/**
 * A blob that is arriving chunk by chunk, in any order, and outlives a restart.
 *
 * Chunks go to their place in `<id>.data`; which of them are there is kept in `<id>.bits`,
 * written only after the data was synced, so that a bit never promises more than the disk has.
 *
 * @module
 */

import type { FileHandle } from 'node:fs/promises'
import { bytesEqual, concatBytes } from '../../core/bytes.ts'
import { ChunkSet, chunkLength, CHUNK_BYTES, type BlobRef } from '../../protocols/blocks/index.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import { removeQuietly, writeFileAtomic } from './atomic-file.ts'
import { BlobHasher } from './blob-hasher.ts'
import { StorageError, storageErrorOf } from './errors.ts'
import { hasErrno, type FileSystem } from './file-system.ts'

/** Chunks that may be lost when the process is killed: they are fetched again. */
const UNSAVED_CHUNKS_MAX = 16

export interface PartialBlobComponents {
  readonly fileSystem: FileSystem
  /** Takes the whole, verified file out of `path` into the store. */
  place(path: string): Promise<void>
  /** Told once, when the partial blob is closed, finished or abandoned. */
  closed(kept: boolean): void
}

export interface PartialBlobInit {
  readonly ref: BlobRef
  /** Path of the data and the bits, without `.data` and `.bits`. */
  readonly path: string
}

/** Opened by `BlobStore.openWriter`. Every method throws {@link StorageError} when the disk fails. */
export class PartialBlob {
  readonly ref: BlobRef
  readonly #components: PartialBlobComponents
  readonly #path: string
  readonly #file: FileHandle
  #chunks: ChunkSet
  #unsaved = 0
  #saving: Promise<void> = Promise.resolve()
  #open = true

  /** Use {@link PartialBlob.fromDisk}. */
  constructor(
    components: PartialBlobComponents,
    init: PartialBlobInit,
    file: FileHandle,
    chunks: ChunkSet,
  ) {
    this.ref = init.ref
    this.#components = components
    this.#path = init.path
    this.#file = file
    this.#chunks = chunks
  }

  /** Takes up what an earlier writer of the same reference left, or begins. */
  static async fromDisk(
    components: PartialBlobComponents,
    init: PartialBlobInit,
  ): Promise<PartialBlob> {
    const { fileSystem } = components
    const file = await openData(fileSystem, `${init.path}.data`)
    try {
      const chunks = await readPartialChunks(fileSystem, init)
      await file.truncate(init.ref.bytes)
      return new PartialBlob(components, init, file, chunks)
    } catch (error) {
      await file.close()
      throw storageErrorOf(error, init.path)
    }
  }

  /** Indices of chunks that are not there yet, ascending. */
  missing(): readonly number[] {
    return this.#chunks.missing()
  }

  /** Bytes of the chunks that are there. */
  get bytesDone(): number {
    const { bytes, chunkHashes } = this.ref
    const last = chunkHashes.length - 1
    const lastGap = this.#chunks.has(last) ? CHUNK_BYTES - chunkLength(bytes, last) : 0
    return this.#chunks.size * CHUNK_BYTES - lastGap
  }

  /**
   * Stores chunk `index`; false, and nothing written, when it is there already.
   *
   * @throws {StorageError} `BLOB_CHUNK_INVALID` when `bytes` do not have the chunk's hash.
   */
  async writeChunk(index: number, bytes: Uint8Array): Promise<boolean> {
    const expected = this.ref.chunkHashes[index]
    const fits =
      expected !== undefined &&
      bytes.length === chunkLength(this.ref.bytes, index) &&
      bytesEqual(nodeCrypto.sha256(bytes), expected)
    if (!fits) throw new StorageError({ code: 'BLOB_CHUNK_INVALID', id: this.ref.id, index })
    if (this.#chunks.has(index)) return false
    try {
      await writeAt(this.#file, bytes, index * CHUNK_BYTES)
    } catch (error) {
      throw storageErrorOf(error, this.#path)
    }
    if (!this.#chunks.add(index)) return false
    this.#unsaved++
    if (this.#unsaved >= UNSAVED_CHUNKS_MAX) await this.#save()
    return true
  }

  /**
   * Checks the whole blob against its id and moves it into the store.
   *
   * @throws {StorageError} `BLOB_CORRUPTED` when the disk changed some chunks, which are missing
   * again; `BLOB_REF_INVALID` when every chunk is right and the whole is not: no holder can
   * help, and the partial blob is removed.
   */
  async finish(): Promise<void> {
    const { id } = this.ref
    if (this.#chunks.size < this.ref.chunkHashes.length) {
      throw new StorageError({ code: 'BLOB_CORRUPTED', id })
    }
    // The disk writes while the processor hashes.
    const [actual] = await this.#guard(
      Promise.all([hashFile(this.#file, this.ref.bytes), this.#file.datasync()]),
    )
    if (actual.id !== id) return this.#refuse(actual)
    await this.#end(async () => {
      await this.#components.place(`${this.#path}.data`)
      await removeQuietly(this.#components.fileSystem, `${this.#path}.bits`)
    }, false)
  }

  /** Keeps what is there for a later writer. */
  async close(): Promise<void> {
    if (!this.#open) return
    if (this.#chunks.size === 0) return this.abandon()
    try {
      await this.#save()
    } finally {
      await this.#end(async () => {}, true)
    }
  }

  /** Forgets what is there. */
  async abandon(): Promise<void> {
    if (!this.#open) return
    await this.#end(async () => {
      await removeQuietly(this.#components.fileSystem, `${this.#path}.bits`)
      await removeQuietly(this.#components.fileSystem, `${this.#path}.data`)
    }, false)
  }

  async #refuse(actual: BlobRef): Promise<never> {
    const { id, chunkHashes } = this.ref
    let damaged = 0
    for (const [index, hash] of chunkHashes.entries()) {
      if (bytesEqual(actual.chunkHashes[index] ?? new Uint8Array(), hash)) continue
      this.#chunks.delete(index)
      damaged++
    }
    if (damaged > 0) {
      await this.#save()
      throw new StorageError({ code: 'BLOB_CORRUPTED', id })
    }
    await this.abandon()
    throw new StorageError({
      code: 'BLOB_REF_INVALID',
      id,
      reason: 'its chunks do not add up to its id',
    })
  }

  async #end(last: () => Promise<void>, kept: boolean): Promise<void> {
    this.#open = false
    try {
      await this.#saving.catch(() => undefined)
      await this.#file.close()
      await this.#guard(last())
    } finally {
      this.#components.closed(kept)
    }
  }

  /** One save after another: the newest bits must not be overwritten by older ones. */
  #save(): Promise<void> {
    this.#unsaved = 0
    const save = async (): Promise<void> => {
      const bits = this.#chunks.toBits()
      await this.#file.datasync()
      const content = concatBytes([refDigest(this.ref), bits])
      await writeFileAtomic(`${this.#path}.bits`, content, {
        fileSystem: this.#components.fileSystem,
      })
    }
    // A failed save was reported to its own caller.
    this.#saving = this.#saving.then(save, save)
    return this.#guard(this.#saving)
  }

  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw storageErrorOf(error, this.#path)
    }
  }
}

/** Hashes the first `bytes` bytes of `file`, a chunk at a time. */
export async function hashFile(file: FileHandle, bytes: number): Promise<BlobRef> {
  const hasher = new BlobHasher()
  const buffer = new Uint8Array(CHUNK_BYTES)
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, bytes - at), at)
    if (bytesRead === 0) break
    hasher.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
  return hasher.ref()
}

async function writeAt(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, offset + at)
    at += bytesWritten
  }
}

async function openData(fileSystem: FileSystem, path: string): Promise<FileHandle> {
  try {
    return await fileSystem.open(path, 'r+')
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw storageErrorOf(error, path)
  }
  try {
    return await fileSystem.open(path, 'wx+', 0o600)
  } catch (error) {
    throw storageErrorOf(error, path)
  }
}

/**
 * Which chunks of a partial blob are on the disk.
 *
 * Bits of another reference with the same id say nothing about ours, nor do damaged ones.
 */
export async function readPartialChunks(
  fileSystem: FileSystem,
  init: PartialBlobInit,
): Promise<ChunkSet> {
  const count = init.ref.chunkHashes.length
  let content: Uint8Array
  try {
    content = await fileSystem.readFile(`${init.path}.bits`)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return new ChunkSet(count)
    throw error
  }
  const digest = refDigest(init.ref)
  if (!bytesEqual(content.subarray(0, digest.length), digest)) return new ChunkSet(count)
  return ChunkSet.fromBits(content.subarray(digest.length), count) ?? new ChunkSet(count)
}

function refDigest(ref: BlobRef): Uint8Array {
  return nodeCrypto.sha256(concatBytes(ref.chunkHashes))
}
