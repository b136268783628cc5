/**
 * What must be known of a blob to fetch it from strangers: its name, its size, and the hash of every chunk.
 *
 * @module
 */

import type { BlobId } from '../../core/ids.ts'
import { BLOB_BYTES_MAX, CHUNK_BYTES } from './limits.ts'

export interface BlobRef {
  /** SHA-256 of all bytes, in hex. */
  readonly id: BlobId
  /** Size in bytes, in [0, {@link BLOB_BYTES_MAX}]. */
  readonly bytes: number
  /** SHA-256 of each chunk of {@link CHUNK_BYTES}, the last one shorter; empty for the empty blob. */
  readonly chunkHashes: readonly Uint8Array[]
}

/**
 * Chunks of a blob of `bytes` bytes.
 *
 * @example
 * ```ts
 * chunkCount(0) // => 0
 * chunkCount(1_048_577) // => 2
 * ```
 */
export function chunkCount(bytes: number): number {
  return Math.ceil(bytes / CHUNK_BYTES)
}

/** Bytes of chunk `index` of a blob of `bytes` bytes; 0 or less beyond its end. */
export function chunkLength(bytes: number, index: number): number {
  return Math.min(CHUNK_BYTES, bytes - index * CHUNK_BYTES)
}

/** Why `ref` cannot be true, or undefined when size and hashes fit together. */
export function blobRefMismatch(ref: Omit<BlobRef, 'id'>): string | undefined {
  if (!Number.isSafeInteger(ref.bytes) || ref.bytes < 0 || ref.bytes > BLOB_BYTES_MAX) {
    return `expected at most ${BLOB_BYTES_MAX} bytes, got ${ref.bytes}`
  }
  const count = chunkCount(ref.bytes)
  if (ref.chunkHashes.length !== count)
    return `expected ${count} chunks, got ${ref.chunkHashes.length}`
  if (ref.chunkHashes.some((hash) => hash.length !== 32)) return 'expected chunk hashes of 32 bytes'
  return undefined
}
