/**
 * Numbers that both ends of /brume/blocks/1 agree on.
 *
 * @module
 */

/** The protocol's id on the wire. */
export const BLOCKS_PROTOCOL = '/brume/blocks/1'

/** Bytes of every chunk of a blob but the last: 1 MiB. */
export const CHUNK_BYTES = 1_048_576

/** Chunks of the largest blob: 64 GiB. */
export const CHUNKS_PER_BLOB_MAX = 65_536

/** Bytes of the largest blob. */
export const BLOB_BYTES_MAX = CHUNK_BYTES * CHUNKS_PER_BLOB_MAX
