/**
 * What a policy makes of evidence, in the shape of an EAT Attestation Result (draft-ietf-rats-ear).
 *
 * @module
 */

import type { EvidenceKind } from '../verified.ts'
import type { FindingCode } from './errors.ts'

/** Classes in rising order. */
export const TIERS = ['none', 'self', 'mobile', 'tpm', 'tee'] as const
export type Tier = (typeof TIERS)[number]

/** EAR's status tiers 0, 2, 32 and 96. */
export type Status = 'none' | 'affirming' | 'warning' | 'contraindicated'

/** Elements of EAR's trustworthiness vector that evidence here speaks of. */
export type Aspect = 'instanceIdentity' | 'configuration' | 'executables' | 'hardware'

export interface Finding {
  readonly code: FindingCode
  readonly status: 'warning' | 'contraindicated'
  readonly aspect: Aspect
}

export interface Bonus {
  readonly name: 'secure-boot' | 'tpm-beside-tee' | 'measured-build'
  readonly micros: number
}

/** What one piece of evidence comes to. */
export interface KindAppraisal {
  readonly kind: EvidenceKind
  readonly status: Status
  readonly tier: Tier
  readonly baseMicros: number
  readonly bonuses: readonly Bonus[]
  readonly findings: readonly Finding[]
  /** Worst finding by aspect; affirming where there is none. */
  readonly vector: Readonly<Record<Aspect, Status>>
}

/** What all evidence of a device comes to. */
export interface Appraisal {
  readonly policyId: string
  readonly policyDigest: string
  readonly status: Status
  readonly tier: Tier
  readonly baseMicros: number
  readonly bonuses: readonly Bonus[]
  /** Base and bonuses, at most 1,000,000. */
  readonly scoreMicros: number
  readonly submods: readonly KindAppraisal[]
  readonly appraisedAtMs: number
  /** Until when it counts in full; what comes then is told by decay.ts. */
  readonly freshUntilMs: number
}

/** What each tier earns (DESIGN 9), in micro-units. */
export const BASE_MICROS: Readonly<Record<Tier, number>> = {
  none: 0,
  self: 300_000,
  mobile: 500_000,
  tpm: 700_000,
  tee: 900_000,
}
export const SECURE_BOOT: Bonus = { name: 'secure-boot', micros: 30_000 }
export const TPM_BESIDE_TEE: Bonus = { name: 'tpm-beside-tee', micros: 30_000 }
export const MEASURED_BUILD: Bonus = { name: 'measured-build', micros: 40_000 }
export const SCORE_MICROS_MAX = 1_000_000
