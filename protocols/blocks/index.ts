/**
 * The door of /brume/blocks/1: fetching content-addressed blobs in verified chunks.
 *
 * @module
 */

export { blobRefMismatch, chunkCount, chunkLength, type BlobRef } from './blob-ref.ts'
export { ChunkSet } from './chunk-set.ts'
export { BLOCKS_ERRORS, BlocksError, type BlocksFailure, type BlocksFault } from './errors.ts'
export type { Piece } from './fetch-pieces.ts'
export {
  FetcherMachine,
  type FetcherInit,
  type FetcherInput,
  type FetcherOutput,
  type FetchStart,
} from './fetcher-machine.ts'
export {
  BLOB_BYTES_MAX,
  BLOCKS_FRAME_BYTES_MAX,
  BLOCKS_PROTOCOL,
  CHUNK_BYTES,
  CHUNKS_PER_BLOB_MAX,
  DESCRIBED_BYTES_MAX,
} from './limits.ts'
export { decodeBlocksMessage, encodeBlocksMessage, type BlocksMessage } from './messages.ts'
export {
  ServerMachine,
  type Held,
  type ServerInit,
  type ServerInput,
  type ServerOutput,
} from './server-machine.ts'
export { WholeMachine, type WholeInit, type WholeInput, type WholeOutput } from './whole-machine.ts'
