/**
 * Bounds of what clients may send.
 *
 * @module
 */

/** Characters of a name that a person gives. */
export const NAME_LENGTH_MAX = 64
/** Characters of a path on this machine. */
export const PATH_LENGTH_MAX = 4_096
/** Characters of an invite code. */
export const INVITE_CODE_LENGTH_MAX = 2_048
/** Inputs of one job. */
export const JOB_INPUTS_MAX = 4_096
/** Tensors of one input. */
export const INPUT_TENSORS_MAX = 64
/** Stages that a model is cut into, and replicas of the whole pipeline. */
export const STAGES_MAX = 8
/** Symbolic dimensions that an import may bind. */
export const BOUND_DIMS_MAX = 64

/** Characters of a file of collateral in base64: a revocation list of 1 MiB. */
export const COLLATERAL_LENGTH_MAX = 1_500_000
/** Characters of a chain of certificates in PEM. */
export const CHAIN_LENGTH_MAX = 16_384

/** Characters of a handover of hardware in base64url. */
export const HANDOVER_LENGTH_MAX = 1_024

/** Characters of a note in a ledger. */
export const LEDGER_NOTE_LENGTH_MAX = 1_024
