/**
 * Bounds of the ledger's format. Whoever reads a ledger refuses what is beyond them, so they never shrink.
 *
 * @module
 */

/** Version of entries, heads, halves, proofs and bundles. */
export const LEDGER_VERSION = 1

/** Longest body of an entry: a half of a receipt takes some 400 bytes, an epoch statement some 12 KiB. */
export const ENTRY_BODY_BYTES_MAX = 16_384

/** Longest entry: the body, and at most 100 bytes around it. */
export const ENTRY_BYTES_MAX = ENTRY_BODY_BYTES_MAX + 128

/** Kinds of entries are small numbers, so that an entry's length says little about it. */
export const ENTRY_KIND_MAX = 255

/** Longest body of one half of a receipt. */
export const HALF_BODY_BYTES_MAX = 1_024

/** Longest body of a signed head. */
export const HEAD_BODY_BYTES_MAX = 160

/** Longest body of a signed cosignature. */
export const COSIGNATURE_BODY_BYTES_MAX = 160

/** Settlements in one receipt of a stream: a day and a half at one every 30 s. */
export const RECEIPT_ROUNDS_MAX = 4_096

/** Longest proof of equivocation. */
export const EVIDENCE_BYTES_MAX = 2_048

/** Longest proof of a receipt: one of 4,096 rounds has 8,196 halves. */
export const RECEIPT_PROOF_BYTES_MAX = 16_777_216

/** Longest item of a bundle: an entry and its frame. */
export const BUNDLE_ITEM_BYTES_MAX = ENTRY_BYTES_MAX + 16

/** Receipts that a verifier follows at once; of one that is beyond it, halves count as unmatched. */
export const OPEN_RECEIPTS_MAX = 16_384

/** Orders that a verifier tells from replays: sixteen bytes and the overhead of a set each. */
export const ORDERS_REMEMBERED_MAX = 1_048_576

/** Other parties that a verifier keeps sums for by name; the rest are summed together. */
export const PEERS_COUNTED_MAX = 4_096

/** Proofs of equivocation in one bundle. */
export const EVIDENCE_COUNTED_MAX = 256
