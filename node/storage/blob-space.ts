/**
 * How much the blob store may still take: by its quota, and by what the disk must keep free.
 *
 * @module
 */

import { StorageError, storageErrorOf } from './errors.ts'
import type { FileSystem } from './file-system.ts'

export interface BlobSpaceInit {
  /** Folder on the disk that is meant. */
  readonly path: string
  /** Bytes that blobs may take, those that are being fetched included. */
  readonly quotaBytes: number
  /** Bytes that must stay free on the disk. */
  readonly freeBytesMin: number
}

export class BlobSpace {
  readonly #fileSystem: FileSystem
  readonly #init: BlobSpaceInit
  #heldBytes = 0
  #reservedBytes = 0

  constructor(fileSystem: FileSystem, init: BlobSpaceInit) {
    this.#fileSystem = fileSystem
    this.#init = init
  }

  /** Bytes held and reserved. */
  get usedBytes(): number {
    return this.#heldBytes + this.#reservedBytes
  }

  /** Counts bytes that are on the disk, or with a negative number are there no more. */
  hold(bytes: number): void {
    this.#heldBytes += bytes
  }

  /**
   * Sets `bytes` aside before they are written; the result gives them back, once.
   *
   * @throws {StorageError} `BLOB_QUOTA_EXCEEDED` or `STATE_DISK_FULL`.
   */
  async reserve(bytes: number): Promise<() => void> {
    const { path, quotaBytes, freeBytesMin } = this.#init
    const usedBytes = this.usedBytes
    if (usedBytes + bytes > quotaBytes) {
      throw new StorageError({ code: 'BLOB_QUOTA_EXCEEDED', bytes, usedBytes, quotaBytes })
    }
    this.#reservedBytes += bytes
    let reserved = true
    const release = (): void => {
      if (reserved) this.#reservedBytes -= bytes
      reserved = false
    }
    try {
      const { bavail, bsize } = await this.#fileSystem.statfs(path)
      if (bavail * bsize - this.#reservedBytes < freeBytesMin) {
        throw new StorageError({ code: 'STATE_DISK_FULL', path })
      }
      return release
    } catch (error) {
      release()
      throw storageErrorOf(error, path)
    }
  }
}
