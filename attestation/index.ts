/**
 * The door of attestation: what other rooms may use of it.
 *
 * @module
 */

export { ATTESTATION_ERRORS, AttestationError } from './errors.ts'
export type { AttestationErrorCode, AttestationFailure } from './errors.ts'
export { shippedAnchors, withRoots } from './anchors/anchor-set.ts'
export type { AnchorSet, AnchorUse } from './anchors/anchor-set.ts'
export { verifyAndroid } from './android/android.ts'
export type { AndroidClaims, AndroidContext, AndroidEvidence } from './android/android.ts'
export { readStatusList } from './android/status-list.ts'
export type { AndroidStatusList } from './android/status-list.ts'
export { appleKey, verifyApple, verifyAppleAssertion } from './apple/apple.ts'
export type { AppleAssertion, AppleClaims, AppleContext, AppleEvidence } from './apple/apple.ts'
export { signedJsonOf } from './dcap/collateral.ts'
export type { DcapCollateral, SignedJson } from './dcap/collateral.ts'
export { verifyDcap } from './dcap/dcap.ts'
export type { DcapClaims, DcapContext, DcapEvidence } from './dcap/dcap.ts'
export { verifySnp } from './sev-snp/sev-snp.ts'
export type { SnpClaims, SnpContext, SnpEvidence } from './sev-snp/sev-snp.ts'
export { readCrl } from './x509/crl.ts'
export type { Crl } from './x509/crl.ts'
export { verifyNitro } from './nitro/nitro.ts'
export type { NitroClaims, NitroEvidence } from './nitro/nitro.ts'
export { makeCredential, CREDENTIAL_RANDOM_BYTES } from './tpm/credential.ts'
export type { Credential } from './tpm/credential.ts'
export { readPublic } from './tpm/public-area.ts'
export type { TpmPublic } from './tpm/public-area.ts'
export { verifyTpm } from './tpm/tpm.ts'
export type { Activation, TpmClaims, TpmContext, TpmEndorsement, TpmEvidence } from './tpm/tpm.ts'
export { certificateOfPem } from './x509/certificate.ts'
export type { Binding, CommonClaims, EvidenceKind, VerifyContext } from './verified.ts'
