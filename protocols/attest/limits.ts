/**
 * Numbers that both ends of /brume/attest/1 agree on.
 *
 * @module
 */

/** The protocol's id on the wire. */
export const ATTEST_PROTOCOL = '/brume/attest/1'

/** Bytes of a nonce: of the verifier, new for each question. */
export const NONCE_BYTES = 32

/** Pieces of evidence in one answer. */
export const EVIDENCE_COUNT_MAX = 4

/** Bytes of one piece: an event log of 512 KiB, and what goes with it. */
export const EVIDENCE_BYTES_MAX = 640 * 1024

/** Bytes of one structure of a TPM, or of a certificate in it. */
export const STRUCTURE_BYTES_MAX = 8 * 1024

/** Handovers that a device shows: of hardware that spoke for others before. */
export const HANDOVERS_MAX = 4

/** Bytes of one handover. */
export const HANDOVER_BYTES_MAX = 512

/** Registers that a quote may be about. */
export const REGISTERS_MAX = 24

/** Longest frame: all evidence and a little more. */
export const ATTEST_FRAME_BYTES_MAX = EVIDENCE_COUNT_MAX * EVIDENCE_BYTES_MAX + 4_096

/** Time that a nonce lives: a slow TPM takes some seconds for a key and a quote. */
export const EXCHANGE_MS_MAX = 30_000
