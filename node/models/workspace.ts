/**
 * Files and blobs of an import that is under way: kept when it ends well, else removed.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toHex } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { BlobId } from '../../core/ids.ts'
import type { BlobRef } from '../../models/index.ts'
import { storageErrorOf } from '../storage/errors.ts'
import type { ModelBlobs, ModelComponents } from './ports.ts'

const PREFIX = '.import-'

export class Workspace implements AsyncDisposable {
  readonly #blobs: ModelBlobs
  readonly #sha256: Sha256
  readonly #folder: string
  readonly #name = `${PREFIX}${randomBytes(6).toString('hex')}`
  readonly #made: BlobId[] = []
  readonly #pins: (() => void)[] = []
  #kept = false

  /** @param folder - The store's folder: files in it may refer to its blobs. */
  constructor(components: Pick<ModelComponents, 'blobs' | 'sha256'>, folder: string) {
    this.#blobs = components.blobs
    this.#sha256 = components.sha256
    this.#folder = folder
  }

  /** The path of a file that is gone when this is disposed. */
  path(name: string): string {
    return join(this.#folder, `${this.#name}-${name}.onnx`)
  }

  /** Writes such a file, chunk by chunk, and returns its path. */
  async write(name: string, chunks: readonly Uint8Array[], signal?: AbortSignal): Promise<string> {
    const path = this.path(name)
    try {
      await writeFile(path, chunks, { mode: 0o600, signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw storageErrorOf(error, path)
    }
    return path
  }

  /** Stores a blob that is removed again when the work fails, unless it was there before. */
  async put(bytes: Uint8Array): Promise<BlobRef> {
    const held = this.#blobs.has(toHex(this.#sha256(bytes)) as BlobId)
    const ref = await this.#blobs.put(bytes)
    if (!held) this.#made.push(ref.id)
    this.#pins.push(this.#blobs.pin([ref.id]))
    return ref
  }

  /** Keeps what was stored. */
  keep(): void {
    this.#kept = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unpin of this.#pins) unpin()
    for (const id of this.#kept ? [] : this.#made) await this.#blobs.remove(id)
    await removeByPrefix(this.#folder, this.#name)
  }
}

/** Removes what imports left that the death of a daemon ended. */
export async function removeLeftovers(folder: string): Promise<void> {
  await removeByPrefix(folder, PREFIX)
}

/** Removes the files of `folder` whose names begin with `prefix`. */
export async function removeByPrefix(folder: string, prefix: string): Promise<void> {
  try {
    for (const name of await readdir(folder)) {
      if (name.startsWith(prefix)) await rm(join(folder, name), { force: true })
    }
  } catch (error) {
    throw storageErrorOf(error, folder)
  }
}
