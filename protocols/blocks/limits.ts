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

/** Blobs that one `have?` asks about. Its answer, with full bit maps, still fits a frame. */
export const QUERY_BLOBS_MAX = 64

/** Queries of one link that may wait for an answer. */
export const QUERIES_IN_FLIGHT_MAX = 4

/** Wants of one link that may wait for an answer; a holder refuses the next. */
export const WANTS_IN_FLIGHT_MAX = 32

/**
 * Chunks of the largest blob that a holder describes: what is known by its id alone is small, and
 * a holder has to hash all of it for each answer.
 */
export const DESCRIBED_CHUNKS_MAX = 16

/** Bytes of the largest blob that a holder describes. */
export const DESCRIBED_BYTES_MAX = CHUNK_BYTES * DESCRIBED_CHUNKS_MAX

/** Descriptions of one link that may wait for an answer. */
export const DESCRIBES_IN_FLIGHT_MAX = 1

/** Largest request number; numbers of a link count up from 0 and are not used twice. */
export const REQUEST_MAX = 2 ** 32 - 1

/** Bytes before the chunk in a frame that carries one: kind, request, index. */
export const CHUNK_HEADER_BYTES = 9

/** Longest frame. */
export const BLOCKS_FRAME_BYTES_MAX = CHUNK_BYTES + CHUNK_HEADER_BYTES
