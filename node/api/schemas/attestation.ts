/**
 * What devices are taken for, by the evidence that they showed.
 *
 * @module
 */

import { z } from 'zod'
import { CHAIN_LENGTH_MAX, COLLATERAL_LENGTH_MAX, HANDOVER_LENGTH_MAX } from './limits.ts'
import { bytes, peerId, sha256, wallMs } from './scalars.ts'

/** What evidence comes to. */
export const attestationTier = z.enum(['none', 'self', 'mobile', 'tpm', 'tee'])

export const attestRequest = z.strictObject({
  peer: z
    .string()
    .regex(/^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/, 'expected a PeerId')
    .describe('text form of an Ed25519 key, 12D3Koo…'),
})

export const handoverSchema = z.object({
  handover: z.string().describe('signed by this device, in base64url; to be accepted by the other'),
})

export const acceptHandoverRequest = z.strictObject({
  handover: z.string().min(1).max(HANDOVER_LENGTH_MAX),
})

export const acceptedHandoverSchema = z.object({ from: peerId, hardwareId: z.string() })

export const epochRequest = z.strictObject({
  epoch: sha256.describe('32 bytes in hex that nobody could foresee, such as a consensus makes'),
})

export const epochListSchema = z.object({
  appraisals: z.array(
    z.object({
      peer: peerId,
      name: z.string(),
      tier: attestationTier,
      score: z.number().min(0).max(1),
      evidence: z
        .array(z.object({ kind: z.string(), id: sha256 }))
        .describe('hashes of what the hardware signed: equal for all who have this envelope'),
      findings: z.array(z.string()).describe('codes'),
    }),
  ),
})

export const attestationResultSchema = z.object({
  attester: peerId,
  attesterName: z.string(),
  verifier: peerId,
  verifierName: z.string(),
  tier: attestationTier,
  score: z.number().min(0).max(1),
  policy: z.string(),
  evidence: sha256.describe('hash of the evidence that it rests on'),
  appraisedMs: wallMs,
  recheck: z
    .enum(['own', 'waiting', 'agrees', 'differs', 'other-policy', 'no-evidence'])
    .describe('what this device found by repeating the appraisal from the same evidence'),
})

export const attestationResultListSchema = z.object({ results: z.array(attestationResultSchema) })

export const importCollateralRequest = z.strictObject({
  content: z
    .base64()
    .min(1)
    .max(COLLATERAL_LENGTH_MAX)
    .describe('a revocation list, JSON of Intel or Google, or a root of TPM makers'),
  issuerChain: z
    .string()
    .max(CHAIN_LENGTH_MAX)
    .default('')
    .describe('the signer and its issuers in PEM, where the content does not bring them along'),
  fingerprint: sha256.optional().describe('of the root that is to be trusted'),
})

export const collateralSchema = z.object({
  id: sha256.describe('of its content'),
  type: z.enum(['crl', 'intel-json', 'android-status', 'tpm-root']),
  about: z.string().describe('of what it speaks: an item replaces the older one about the same'),
  issuedMs: wallMs,
  nextUpdateMs: wallMs,
  bytes,
})

export const collateralListSchema = z.object({ collateral: z.array(collateralSchema) })

export const attestationSchema = z.object({
  peer: peerId,
  name: z.string(),
  tier: attestationTier.describe('what it reaches by its evidence'),
  status: z.enum(['none', 'affirming', 'warning', 'contraindicated']),
  score: z.number().min(0).max(1).describe('now: it falls when nobody renews it'),
  policy: z.string(),
  kinds: z.array(z.string()).describe('kinds of evidence that hold'),
  findings: z
    .array(z.object({ code: z.string(), meaning: z.string(), hint: z.string() }))
    .describe('evidence that does not hold, and rules of the policy that are not met'),
  appraisedMs: wallMs,
  freshUntilMs: wallMs,
})

export const attestationListSchema = z.object({ attestations: z.array(attestationSchema) })

export type EpochRequest = z.infer<typeof epochRequest>
export type EpochList = z.infer<typeof epochListSchema>
export type AttestationResultView = z.infer<typeof attestationResultSchema>
export type AttestationResultList = z.infer<typeof attestationResultListSchema>
export type CollateralView = z.infer<typeof collateralSchema>
export type CollateralList = z.infer<typeof collateralListSchema>
export type ImportCollateralRequest = z.infer<typeof importCollateralRequest>
export type Handover = z.infer<typeof handoverSchema>
export type AcceptHandoverRequest = z.infer<typeof acceptHandoverRequest>
export type AcceptedHandover = z.infer<typeof acceptedHandoverSchema>
export type AttestRequest = z.infer<typeof attestRequest>
export type AttestationView = z.infer<typeof attestationSchema>
export type AttestationList = z.infer<typeof attestationListSchema>
