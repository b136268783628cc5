/**
 * Numbers that both ends of /brume/ledger/1 agree on.
 *
 * Those of records are the ledger's own (ledger/limits.ts); a test of node/witness holds them together.
 *
 * @module
 */

/** The protocol's id on the wire. */
export const LEDGER_PROTOCOL = '/brume/ledger/1'

/** Longest body of a signed head. */
export const HEAD_BODY_BYTES_MAX = 160

/** Longest entry. */
export const ENTRY_BYTES_MAX = 16_512

/** Hashes of a consistency proof. */
export const PROOF_HASHES_MAX = 41

/** Longest proof of equivocation. */
export const EVIDENCE_BYTES_MAX = 2_048

/** Bytes of a hash. */
export const HASH_BYTES = 32

/** Entries in one answer. */
export const ENTRIES_PER_ANSWER_MAX = 512

/** Bytes of entries, or of a bundle, in one answer, but for the entry with which it goes beyond. */
export const ANSWER_BYTES_MAX = 262_144

/** Proofs of equivocation in one answer. */
export const EVIDENCE_PER_ANSWER_MAX = 64

/** Longest frame: an answer that is full, its last entry, and what is around the entries. */
export const LEDGER_FRAME_BYTES_MAX = ANSWER_BYTES_MAX + ENTRY_BYTES_MAX + 4_096

/** Questions over one link: a ledger of a million entries takes some three thousand. */
export const QUESTIONS_PER_LINK_MAX = 8_192

/** How long an answer may take, in milliseconds. */
export const ANSWER_MS_MAX = 10_000

/** How long a link may lie idle, in milliseconds. */
export const LINK_IDLE_MS_MAX = 30_000

/** A device that starts asks at most so many peers for its head. */
export const RECALL_PEERS_MAX = 16

/** So many answers are enough. */
export const RECALL_ANSWERS_ENOUGH = 3

/** How long a device that starts waits for one answer at least, in milliseconds. */
export const RECALL_MS_MAX = 5_000

/** How long it waits for more, once there is one. */
export const RECALL_QUIET_MS = 1_500
