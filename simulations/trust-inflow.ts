/**
 * How much trust goes from some domains to others in the last step of a walk.
 *
 * @module
 */

import { toHex } from '../core/bytes.ts'
import { TRUST_LIMITS, type TrustState } from '../trust/index.ts'

/** Half of what each other domain holds goes along its row; what of it comes to `attackers`, by their ids in hexadecimal. */
export function inflowTo(state: TrustState, attackers: ReadonlySet<string>): number {
  const { domains } = state
  const { mass, graph } = state.standings()
  let inflow = 0
  for (const [node, held] of mass.entries()) {
    if (attackers.has(toHex(domains.id(node)))) continue
    const end = graph.offsets[node + 1] ?? 0
    for (let edge = graph.offsets[node] ?? 0; edge < end; edge++) {
      const target = domains.id(graph.targets[edge] ?? 0)
      const share = (graph.weights[edge] ?? 0) / TRUST_LIMITS.ROW_SUM
      if (attackers.has(toHex(target))) inflow += (held / 2) * share
    }
  }
  return inflow
}
