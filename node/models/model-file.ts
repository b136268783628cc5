/**
 * A file to import, read by ranges: models are larger than memory should be.
 *
 * @module
 */

import { open, stat, type FileHandle } from 'node:fs/promises'
import { CatalogueError } from './errors.ts'

/** Bytes of one call of the system. */
const READ_BYTES_MAX = 2 ** 30

export class ModelFile implements AsyncDisposable {
  readonly path: string
  readonly bytes: number
  readonly #handle: FileHandle

  constructor(path: string, handle: FileHandle, bytes: number) {
    this.path = path
    this.bytes = bytes
    this.#handle = handle
  }

  /** @throws {CatalogueError} MODELS_FILE_UNREADABLE. */
  static async open(path: string): Promise<ModelFile> {
    let handle: FileHandle | undefined
    try {
      handle = await open(path)
      const stats = await handle.stat()
      if (stats.isFile()) return new ModelFile(path, handle, stats.size)
    } catch (error) {
      await handle?.close()
      throw unreadable(path, error)
    }
    await handle.close()
    throw new CatalogueError({
      code: 'MODELS_FILE_UNREADABLE',
      file: path,
      reason: 'not a regular file',
    })
  }

  /** True when something is at `path`, whether it can be read or not. */
  static async exists(path: string): Promise<boolean> {
    try {
      await stat(path)
      return true
    } catch (error) {
      // Whatever else is wrong with it, opening it will say.
      return (error as NodeJS.ErrnoException).code !== 'ENOENT'
    }
  }

  /** @throws {CatalogueError} MODELS_FILE_UNREADABLE. */
  static async isFolder(path: string): Promise<boolean> {
    try {
      return (await stat(path)).isDirectory()
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  /**
   * `length` bytes from `offset` on; fewer only where the file ended at its opening.
   *
   * @throws {CatalogueError} MODELS_FILE_UNREADABLE.
   */
  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.bytes - offset))
    const content = new Uint8Array(wanted)
    for (let at = 0; at < wanted;) {
      signal?.throwIfAborted()
      const bytesRead = await this.#readInto(content.subarray(at, at + READ_BYTES_MAX), offset + at)
      at += bytesRead
    }
    return content
  }

  async #readInto(part: Uint8Array, position: number): Promise<number> {
    let bytesRead = 0
    try {
      bytesRead = (await this.#handle.read(part, { position })).bytesRead
    } catch (error) {
      throw unreadable(this.path, error)
    }
    if (bytesRead > 0) return bytesRead
    const reason = 'it became shorter while it was read'
    throw new CatalogueError({ code: 'MODELS_FILE_UNREADABLE', file: this.path, reason })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const reason = (error as NodeJS.ErrnoException).code ?? error.message
  return new CatalogueError({ code: 'MODELS_FILE_UNREADABLE', file, reason }, { cause: error })
}
