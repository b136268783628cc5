/**
 * The door of attestation: what other rooms may use of it.
 *
 * @module
 */

export { ATTESTATION_ERRORS, AttestationError } from './errors.ts'
export type { AttestationErrorCode, AttestationFailure } from './errors.ts'
export { shippedAnchors, withRoots } from './anchors/anchor-set.ts'
export type { AnchorSet, AnchorUse } from './anchors/anchor-set.ts'
export { bindingBytes } from './binding.ts'
export type { BindingInit } from './binding.ts'
export { ByteReader } from './encoding/byte-reader.ts'
export { asBytes, asMap, readCbor } from './encoding/cbor.ts'
export { encodeTextMap } from './encoding/cbor-map.ts'
export { readEventLog } from './event-log/event-log.ts'
export { decodeEvidence, encodeEvidence } from './evidence-codec.ts'
export type { TravellingEvidence } from './evidence-codec.ts'
export { HANDOVER_BYTES_MAX, readHandover, signHandover } from './handover.ts'
export type { Handover } from './handover.ts'
export { verifyEvidence } from './evidence.ts'
export type { Collateral, Evidence, EvidenceContext } from './evidence.ts'
export { collateralIn } from './collateral/files.ts'
export type { CollateralFileInit } from './collateral/files.ts'
export {
  COLLATERAL_BYTES_MAX,
  collateralId,
  decodeCollateral,
  encodeCollateral,
  isVendorSigned,
} from './collateral/item.ts'
export type { CollateralItem } from './collateral/item.ts'
export { CollateralShelf } from './collateral/shelf.ts'
export type { ShelvedItem, ShelfRules } from './collateral/shelf.ts'
export { openEnvelope, sealEnvelope } from './conveyed/envelope.ts'
export type { Envelope } from './conveyed/envelope.ts'
export {
  decodePieces,
  encodePieces,
  readResult,
  recheckResult,
  RESULT_VERSION,
  signResult,
} from './conveyed/result.ts'
export type { AttestationResult, Recheck } from './conveyed/result.ts'
export { readRevocation, signRevocation } from './conveyed/revocation.ts'
export type { Revocation, RevocationReason } from './conveyed/revocation.ts'
export { verifyPieces } from './pieces.ts'
export type { PiecesQuestion, PiecesRules } from './pieces.ts'
export { discontinuity } from './policy/continuity.ts'
export type { Discontinuity } from './policy/continuity.ts'
export { certificatesOfPem } from './encoding/pem.ts'
export { POLICY_ERRORS } from './policy/errors.ts'
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
export { BASE_MICROS, MEASURED_BUILD, SECURE_BOOT, TPM_BESIDE_TEE } from './policy/appraisal.ts'
export type { Appraisal, Finding, KindAppraisal, Status, Tier } from './policy/appraisal.ts'
export { appraise, tierAtLeast } from './policy/appraise.ts'
export { decayedMicros } from './policy/decay.ts'
export { changedPolicy, policyDigest } from './policy/policy.ts'
export type { Policy } from './policy/policy.ts'
export { PRODUCTION_POLICY } from './policy/production.ts'
export type { Claims } from './policy/rules.ts'
export { TEST_POLICY } from './policy/test-profile.ts'
export { signManifest } from './self/manifest.ts'
export { selfStatement, verifySelf } from './self/self.ts'
export type { SelfClaims, SelfContext, SelfEvidence, SelfStatement } from './self/self.ts'
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
export { bindingKeyMessage, registersPolicy } from './tpm/binding-key.ts'
export type { BindingKeyEvidence } from './tpm/binding-key.ts'
export { verifyTpm } from './tpm/tpm.ts'
export type { Activation, TpmClaims, TpmContext, TpmEndorsement, TpmEvidence } from './tpm/tpm.ts'
export { certificateOfPem, readCertificate } from './x509/certificate.ts'
export type { Binding, CommonClaims, EvidenceKind, VerifyContext } from './verified.ts'
