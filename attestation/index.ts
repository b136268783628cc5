/**
 * The door of attestation: what other rooms may use of it.
 *
 * @module
 */

export { ATTESTATION_ERRORS, AttestationError } from './errors.ts'
export type { AttestationErrorCode, AttestationFailure } from './errors.ts'
export { shippedAnchors, withRoots } from './anchors/anchor-set.ts'
export type { AnchorSet, AnchorUse } from './anchors/anchor-set.ts'
export { verifyNitro } from './nitro/nitro.ts'
export type { NitroClaims, NitroEvidence } from './nitro/nitro.ts'
export type { Binding, CommonClaims, EvidenceKind, VerifyContext } from './verified.ts'
