/**
 * What a pipeline that is chosen already may be expected to do under other figures.
 *
 * @module
 */

import { type ChainCost, CostModel, type Span } from './cost-model.ts'
import type { PlacementRequest, PlanStage } from './plan.ts'

/** Undefined when a device of the pipeline is no candidate any more. */
export function forecast(
  request: PlacementRequest,
  stages: readonly Pick<PlanStage, 'peer' | 'fromLayer' | 'toLayer'>[],
): ChainCost | undefined {
  const spans: Span[] = []
  for (const { peer, fromLayer, toLayer } of stages) {
    const candidate = request.candidates.find((each) => each.peer === peer)
    if (candidate === undefined || !(candidate.level > 0)) return undefined
    spans.push({ candidate, fromLayer, toLayer })
  }
  return new CostModel(request).chain(spans)
}
