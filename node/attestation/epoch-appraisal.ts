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
import { EPOCH_LIMITS } from '../../protocols/epoch/index.ts'

/** One device in an epoch. */
export interface EpochAppraisal {
  readonly peer: PeerId
  readonly appraisal: Appraisal
  /** What names the evidence, by kind: the hash of what its hardware signed. */
  readonly evidence: readonly { readonly kind: string; readonly id: string }[]
  /** Whose root the best of it leads to; undefined where there is none. */
  readonly vendor: string | undefined
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
    vendor: vendorOf(appraisal, claims),
    codes: [...new Set([...refusals, ...found])],
  }
}

/** The maker of the hardware that gave a device its tier, by the root that it leads to. */
function vendorOf(
  { submods, tier }: Appraisal,
  claims: readonly { readonly kind: string; readonly anchor: string }[],
): string | undefined {
  const best = submods.find((one) => one.tier === tier)
  const anchor = claims.find(({ kind }) => kind === best?.kind)?.anchor
  return anchor === undefined ? undefined : vendorNamed(anchor)
}

/**
 * The first word of the name of a root, as all devices know it that have the root: of one that an owner added, that is
 * the common name of its certificate.
 *
 * @example
 * ```ts
 * vendorNamed('amd-ark-milan') // => 'amd'
 * vendorNamed('Infineon OPTIGA(TM) RSA Root CA 2') // => 'infineon'
 * ```
 */
export function vendorNamed(anchor: string): string {
  const [word = ''] = anchor.toLowerCase().split(/[^a-z0-9]/u)
  return word.slice(0, EPOCH_LIMITS.VENDOR_LENGTH_MAX)
}
