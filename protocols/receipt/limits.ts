/**
 * Numbers that both ends of /brume/receipt/1 agree on.
 *
 * @module
 */

/** The protocol's id on the wire. */
export const RECEIPT_PROTOCOL = '/brume/receipt/1'

export const RECEIPT_VERSION = 1

/** Bytes of the id of a mesh. */
export const NETWORK_BYTES = 32

/** Longest body of a half, as the ledger has it. */
export const HALF_BODY_BYTES_MAX = 1_024

/** Longest frame: a half, and less than 100 bytes around it. */
export const RECEIPT_FRAME_BYTES_MAX = HALF_BODY_BYTES_MAX + 128

/** Halves that may be on their way on one link without an answer. */
export const HALVES_IN_FLIGHT_MAX = 64

/** Halves that wait for one peer, at most: of stages of a thousand texts. */
export const HALVES_WAITING_MAX = 4_096

/** Halves on one link, at most; another link goes on. */
export const HALVES_PER_LINK_MAX = 2 ** 32 - 1

/** Time in which a half is answered: it is checked and written to a disk. */
export const ANSWER_MS_MAX = 60_000

/** How long it is tried to tell a peer of a half. */
export const HALF_LIFE_MS = 600_000

/** The first time until a peer is tried again; it doubles up to the second. */
export const RETRY_MS = 1_000
export const RETRY_MS_MAX = 60_000

/** Faults of a peer on one link; the next one ends it. */
export const FAULTS_PER_LINK_MAX = 16

/** A stream is settled at least so often, while there is something to settle. */
export const CHUNK_MS = 30_000
export const CHUNK_TOKENS = 1_000

/** How long the work on a stream goes on without the settlement of what was delivered. */
export const SETTLE_WAIT_MS = 15_000
