/**
 * The door of /brume/blocks/1: fetching content-addressed blobs in verified chunks.
 *
 * @module
 */

export { blobRefMismatch, chunkCount, chunkLength, type BlobRef } from './blob-ref.ts'
export { ChunkSet } from './chunk-set.ts'
export { BLOB_BYTES_MAX, BLOCKS_PROTOCOL, CHUNK_BYTES, CHUNKS_PER_BLOB_MAX } from './limits.ts'
