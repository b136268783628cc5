/**
 * The standing of a domain in [0, 1]: where the walk leaves it, and what audits found of its work.
 *
 * @module
 */

import { log2Q16 } from './fixed-point.ts'
import { AUDIT_FAILURE_WEIGHT, MASS_TOTAL, MICROS, STANDING_HALVINGS } from './limits.ts'

/** Audits of the work of a domain in the window, by what they found. */
export interface AuditCounts {
  readonly passed: number
  readonly failed: number
}

/** What all audits let one believe at least, in 65,536ths: a quarter before the first one. */
export function auditLowerBoundQ16({ passed, failed }: AuditCounts): number {
  return Math.floor((65_536 * (passed + 1)) / (passed + AUDIT_FAILURE_WEIGHT * failed + 4))
}

/** What failed audits leave of a score, in 65,536ths: all of it until the first one fails. */
export function auditFactorQ16({ passed, failed }: AuditCounts): number {
  return Math.floor((65_536 * (passed + 1)) / (passed + AUDIT_FAILURE_WEIGHT * failed + 1))
}

/**
 * How close a mass comes to what each seed is given at home, in millionths: by halvings, so that the
 * trust of the trusted still counts.
 *
 * The measure does not depend on how many domains there are: newcomers raise nobody.
 */
export function massMicros(mass: number, seeds: number): number {
  if (mass < 1) return 0
  const home = log2Q16(Math.max(1, Math.floor(MASS_TOTAL / (2 * seeds))))
  const below = Math.max(0, home - log2Q16(mass))
  const span = STANDING_HALVINGS * 65_536
  return below >= span ? 0 : MICROS - Math.floor((MICROS * below) / span)
}

/** Standing in millionths. */
export function standingMicros(mass: number, seeds: number, audits: AuditCounts): number {
  return Math.floor((massMicros(mass, seeds) * auditLowerBoundQ16(audits)) / 65_536)
}
