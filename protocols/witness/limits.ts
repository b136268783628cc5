/**
 * Numbers that both ends of /brume/witness/1 agree on.
 *
 * Those of records are the ledger's own (ledger/limits.ts); a test of node/witness holds them together.
 *
 * @module
 */

/** The protocol's id on the wire. */
export const WITNESS_PROTOCOL = '/brume/witness/1'

/** A device shows its heads to so many witnesses. */
export const WITNESSES = 3

/** Longest body of a signed head, and of a signed cosignature. */
export const HEAD_BODY_BYTES_MAX = 160
export const COSIGNATURE_BODY_BYTES_MAX = 160

/** Hashes of a consistency proof. */
export const PROOF_HASHES_MAX = 41

/** Longest proof of equivocation. */
export const EVIDENCE_BYTES_MAX = 2_048

/** Bytes of a hash. */
export const HASH_BYTES = 32

/** Longest frame: a head and the proof that it grew out of another, or a proof of a fork. */
export const WITNESS_FRAME_BYTES_MAX = 4_096

/** Heads over one link. */
export const HEADS_PER_LINK_MAX = 64

/** How long an answer may take, in milliseconds: the witness writes to its disk first. */
export const ANSWER_MS_MAX = 10_000

/** How long a link may lie idle, in milliseconds. */
export const LINK_IDLE_MS_MAX = 10_000
