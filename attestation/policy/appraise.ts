/**
 * Appraisal: claims that were verified, against a policy. Pure, so that any peer gets the same result.
 *
 * @module
 */

import {
  type Appraisal,
  type Aspect,
  BASE_MICROS,
  type Bonus,
  type Finding,
  type KindAppraisal,
  SCORE_MICROS_MAX,
  type Status,
  TIERS,
  type Tier,
  TPM_BESIDE_TEE,
} from './appraisal.ts'
import { type Policy, policyDigest } from './policy.ts'
import { type Claims, judged } from './rules.ts'

/**
 * What `claims` of one device come to under `policy`.
 *
 * The best tier counts. A contraindicated piece of evidence earns nothing; a warning costs the
 * bonuses. No evidence at all is status `none`.
 */
export function appraise(claims: readonly Claims[], policy: Policy, nowMs: number): Appraisal {
  const submods = claims.map((one) => appraiseKind(one, policy, nowMs))
  const standing = submods.filter(({ status }) => status !== 'contraindicated')
  const best = standing.toSorted(byWorth)[0]
  const tier = best?.tier ?? 'none'
  const bonuses = bonusesOf(best, standing)
  const baseMicros = best?.baseMicros ?? 0
  const earned = bonuses.reduce((sum, { micros }) => sum + micros, baseMicros)
  return {
    policyId: policy.id,
    policyDigest: policyDigest(policy),
    status: best?.status ?? (submods.length === 0 ? 'none' : 'contraindicated'),
    tier,
    baseMicros,
    bonuses,
    scoreMicros: Math.min(earned, SCORE_MICROS_MAX),
    submods,
    appraisedAtMs: nowMs,
    freshUntilMs: freshUntilMs(claims, tier === 'none' ? 0 : policy.freshMinutes[tier], nowMs),
  }
}

/** True when `tier` is at least `floor`. */
export function tierAtLeast(tier: Tier, floor: Tier): boolean {
  return TIERS.indexOf(tier) >= TIERS.indexOf(floor)
}

function appraiseKind(claims: Claims, policy: Policy, nowMs: number): KindAppraisal {
  const { tier, baseMicrosMax, bonuses, findings } = judged(claims, policy, nowMs)
  const unbound: readonly Finding[] = claims.bound
    ? []
    : [{ code: 'POLICY_UNBOUND', status: 'contraindicated', aspect: 'instanceIdentity' }]
  const all = [...unbound, ...findings]
  const status = worst(all)
  const stands = status !== 'contraindicated'
  return {
    kind: claims.kind,
    status,
    tier: stands ? tier : 'none',
    baseMicros: stands ? Math.min(BASE_MICROS[tier], baseMicrosMax) : 0,
    bonuses: stands ? bonuses : [],
    findings: all,
    vector: vectorOf(all),
  }
}

function worst(findings: readonly Finding[]): Status {
  if (findings.some(({ status }) => status === 'contraindicated')) return 'contraindicated'
  return findings.length > 0 ? 'warning' : 'affirming'
}

function vectorOf(findings: readonly Finding[]): Readonly<Record<Aspect, Status>> {
  const of = (aspect: Aspect): Status => worst(findings.filter((one) => one.aspect === aspect))
  return {
    instanceIdentity: of('instanceIdentity'),
    configuration: of('configuration'),
    executables: of('executables'),
    hardware: of('hardware'),
  }
}

/** The better comes first; what is without warnings wins among equals. */
function byWorth(a: KindAppraisal, b: KindAppraisal): number {
  const status = ({ status: given }: KindAppraisal): number => (given === 'affirming' ? 1 : 0)
  return b.baseMicros - a.baseMicros || status(b) - status(a)
}

/** Those of the best evidence, and one for a TPM that stands beside a confidential guest. */
function bonusesOf(
  best: KindAppraisal | undefined,
  standing: readonly KindAppraisal[],
): readonly Bonus[] {
  if (best === undefined || best.status !== 'affirming') return []
  const beside = isTee(best) && standing.some(({ kind }) => kind === 'tpm')
  return beside ? [...best.bonuses, TPM_BESIDE_TEE] : best.bonuses
}

function freshUntilMs(claims: readonly Claims[], minutes: number, nowMs: number): number {
  const ends = claims.map(({ validUntilMs }) => validUntilMs)
  return Math.max(nowMs, Math.min(nowMs + minutes * 60_000, ...ends))
}

function isTee({ kind }: KindAppraisal): boolean {
  return ['sev-snp', 'sgx', 'tdx', 'nitro'].includes(kind)
}
