/**
 * Hashes a stream of bytes once as a whole and once in chunks, which gives its reference.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { BlobId } from '../../core/ids.ts'
import { CHUNK_BYTES, type BlobRef } from '../../protocols/blocks/index.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import { toHex } from '../../core/bytes.ts'

export class BlobHasher {
  readonly #whole = createHash('sha256')
  readonly #chunkHashes: Uint8Array[] = []
  #chunk = createHash('sha256')
  #chunkBytes = 0
  #bytes = 0

  update(data: Uint8Array): void {
    this.#whole.update(data)
    for (let at = 0; at < data.length;) {
      const part = data.subarray(at, at + CHUNK_BYTES - this.#chunkBytes)
      this.#chunk.update(part)
      this.#chunkBytes += part.length
      at += part.length
      if (this.#chunkBytes === CHUNK_BYTES) this.#endChunk()
    }
    this.#bytes += data.length
  }

  /** The reference of all bytes so far. Called once, at the end. */
  ref(): BlobRef {
    if (this.#chunkBytes > 0) this.#endChunk()
    const id = this.#whole.digest('hex') as BlobId
    return { id, bytes: this.#bytes, chunkHashes: this.#chunkHashes }
  }

  #endChunk(): void {
    this.#chunkHashes.push(new Uint8Array(this.#chunk.digest()))
    this.#chunk = createHash('sha256')
    this.#chunkBytes = 0
  }
}

/** The reference of bytes in memory. */
export function blobRefOf(data: Uint8Array): BlobRef {
  const digest = nodeCrypto.sha256(data)
  const id = toHex(digest) as BlobId
  // One chunk is the whole: hashed once.
  if (data.length <= CHUNK_BYTES) {
    return { id, bytes: data.length, chunkHashes: data.length === 0 ? [] : [digest] }
  }
  const chunkHashes: Uint8Array[] = []
  for (let at = 0; at < data.length; at += CHUNK_BYTES) {
    chunkHashes.push(nodeCrypto.sha256(data.subarray(at, at + CHUNK_BYTES)))
  }
  return { id, bytes: data.length, chunkHashes }
}
