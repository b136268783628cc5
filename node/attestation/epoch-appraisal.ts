/**
 * What the evidence of an epoch comes to: equal for all who have the same policy, roots and collateral.
 *
 * @module
 */

import {
  type Appraisal,
  appraise,
  type Envelope,
  type PiecesQuestion,
  type PiecesRules,
  verifyPieces,
} from '../../attestation/index.ts'
import type { PeerId } from '../../core/ids.ts'

/** One device in an epoch. */
export interface EpochAppraisal {
  readonly peer: PeerId
  readonly appraisal: Appraisal
  /** What names the evidence, by kind: the hash of what its hardware signed. */
  readonly evidence: readonly { readonly kind: string; readonly id: string }[]
  /** Codes of refusals and findings. */
  readonly codes: readonly string[]
}

/**
 * Verifies and appraises an envelope.
 *
 * @param activation - The home of the device's attestation key, as this device itself saw it proven.
 */
export function appraiseEnvelope(
  { attester, epoch, pieces }: Envelope,
  activation: PiecesQuestion['activation'],
  rules: PiecesRules,
): EpochAppraisal {
  const question = { attester, verifier: null, nonce: epoch, secretHash: null, activation }
  const { claims, refusals } = verifyPieces(pieces, question, rules)
  const appraisal = appraise(claims, rules.policy, rules.nowMs)
  const found = appraisal.submods.flatMap(({ findings }) => findings.map(({ code }) => code))
  return {
    peer: attester,
    appraisal,
    evidence: claims.map(({ kind, evidenceId }) => ({ kind, id: evidenceId })),
    codes: [...new Set([...refusals, ...found])],
  }
}
