/**
 * Attackers for whom nobody honest vouches change nothing: each honest domain stands as it would without them.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { TrustChecker } from '../trust-scenario.ts'

export const theHonestLoseNothing: TrustChecker = ({ world, seed }) => {
  if (world.ends.some(({ inflow }) => inflow > 0)) return []
  const alone = world.withoutAttackers(seed).run()
  return world.honest.flatMap((domain) => {
    const name = toHex(domain)
    const [mass, without] = [world, alone].map(({ lastDay }) => lastDay.mass.get(name))
    return mass === without
      ? []
      : [`an honest domain holds ${mass}, and ${without} without attackers`]
  })
}
