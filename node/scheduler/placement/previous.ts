/**
 * The plan that runs now, as it looks under today's measurements.
 *
 * @module
 */

import type { FoundChain } from './chain-search.ts'
import { type CostModel, fits, type Span } from './cost-model.ts'
import type { PlacementCandidate } from './plan.ts'

/** The pipeline of `request.previous` with its score, or undefined when it can no longer run. */
export function previousChain(
  cost: CostModel,
  eligible: readonly PlacementCandidate[],
): FoundChain | undefined {
  const { previous, stages, layers } = cost.request
  if (previous === undefined || previous.length === 0) return undefined
  if (stages !== 'auto' && previous.length !== stages) return undefined
  const spans: Span[] = []
  let layer = 0
  for (const { peer, fromLayer, toLayer } of previous) {
    const candidate = eligible.find((entry) => entry.peer === peer)
    const isStill =
      candidate !== undefined &&
      fromLayer === layer &&
      toLayer > fromLayer &&
      fits(candidate, cost.room(fromLayer, toLayer))
    if (!isStill) return undefined
    spans.push({ candidate, fromLayer, toLayer })
    layer = toLayer
  }
  return layer === layers.length ? { spans, score: cost.chain(spans).score } : undefined
}
