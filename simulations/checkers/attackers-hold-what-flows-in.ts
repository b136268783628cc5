/**
 * Attackers hold at most twice what flows in from the honest, however they send it around.
 *
 * Half of what a domain holds goes on at each step, so that what stays among attackers is at most
 * (1 − α) / α of the inflow, and the inflow itself (trust/walk.ts).
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { TrustChecker } from '../trust-scenario.ts'

export const attackersHoldWhatFlowsIn: TrustChecker = ({ world }) => {
  const domains = world.plan.attackers.flatMap((attacker) => attacker.domains)
  return world.ends.flatMap(({ day, mass, inflow }) => {
    const held = domains.reduce((sum, domain) => sum + (mass.get(toHex(domain)) ?? 0), 0)
    // Each domain may be off by what is rounded down.
    return held <= 2 * inflow + domains.length
      ? []
      : [`on day ${day} attackers hold ${held}, with an inflow of ${inflow}`]
  })
}
