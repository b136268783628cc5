/**
 * What pipelines that are chosen already may be expected to do under other figures.
 *
 * @module
 */

import { type ChainCost, CostModel, latencyRange, type Span } from './cost-model.ts'
import type { PlacementRequest, Plan, PlanStage } from './plan.ts'

/** Undefined when a device of the pipeline is no candidate any more. */
export function forecast(
  request: PlacementRequest,
  stages: readonly Pick<PlanStage, 'peer' | 'fromLayer' | 'toLayer'>[],
): ChainCost | undefined {
  const spans = spansOf(request, stages)
  return spans === undefined ? undefined : new CostModel(request).chain(spans)
}

/**
 * `plan` as it is when floats cross some of its cuts as binary16.
 *
 * @param rounded - For each replica, the layers behind those cuts.
 */
export function withRoundedCuts(
  request: PlacementRequest,
  plan: Plan,
  rounded: readonly ReadonlySet<number>[],
): Plan {
  const inFlight = Math.max(1, Math.floor(request.inFlight / plan.replicas.length))
  const chains = plan.replicas.map((stages, replica) => {
    const cost = new CostModel({ ...request, roundedCuts: rounded[replica] ?? new Set() })
    const spans = spansOf(request, stages) ?? []
    return { stages: cost.stages(spans), chain: cost.chain(spans), ...cost.chain(spans, inFlight) }
  })
  const [first] = chains
  if (first === undefined) return plan
  return {
    ...plan,
    stages: first.stages,
    replicas: chains.map(({ stages }) => stages),
    predictedLatencyMs: first.chain.latencyMs,
    predictedPerS: chains.reduce((sum, { perS }) => sum + perS, 0),
    range: latencyRange(first.chain),
  }
}

function spansOf(
  { candidates }: PlacementRequest,
  stages: readonly Pick<PlanStage, 'peer' | 'fromLayer' | 'toLayer'>[],
): readonly Span[] | undefined {
  const spans = stages.flatMap(({ peer, fromLayer, toLayer }) => {
    const candidate = candidates.find((each) => each.peer === peer)
    return candidate === undefined || !(candidate.level > 0)
      ? []
      : [{ candidate, fromLayer, toLayer }]
  })
  return spans.length === stages.length ? spans : undefined
}
