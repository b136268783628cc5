/**
 * What attestation alone gives: the floor of a score, and how far standing can raise it.
 *
 * @module
 */

import { MICROS, STANDING_SPAN_MICROS } from './limits.ts'

/** What the evidence of a device comes to; appraised elsewhere, and agreed on with the epoch. */
export interface Attested {
  readonly tier: 'none' | 'self' | 'mobile' | 'tpm' | 'tee'
  readonly secureBoot: boolean
  readonly tpmBesideTee: boolean
  readonly measuredBuild: boolean
}

const TIER_MICROS: Readonly<Record<Attested['tier'], number>> = {
  none: 0,
  self: 300_000,
  mobile: 500_000,
  tpm: 700_000,
  tee: 900_000,
}
const SECURE_BOOT_MICROS = 30_000
const TPM_BESIDE_TEE_MICROS = 30_000
const MEASURED_BUILD_MICROS = 40_000

/**
 * The floor of a score in millionths, while the evidence is fresh.
 *
 * @example
 * ```ts
 * floorMicros({ tier: 'tpm', secureBoot: true, tpmBesideTee: false, measuredBuild: false }) // => 730000
 * ```
 */
export function floorMicros(attested: Attested): number {
  const { tier, secureBoot, tpmBesideTee, measuredBuild } = attested
  const bonus =
    (secureBoot ? SECURE_BOOT_MICROS : 0) +
    (tpmBesideTee ? TPM_BESIDE_TEE_MICROS : 0) +
    (measuredBuild ? MEASURED_BUILD_MICROS : 0)
  return tier === 'none' ? 0 : Math.min(MICROS, TIER_MICROS[tier] + bonus)
}

/** The ceiling that goes with a floor. Without any evidence there is nothing to raise. */
export function ceilingMicros(floor: number): number {
  return floor === 0 ? 0 : Math.min(MICROS, floor + STANDING_SPAN_MICROS)
}
