/**
 * Who takes over the layers of a stage that was lost.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import { CostModel, fits, type Span } from './cost-model.ts'
import { eligibility } from './eligibility.ts'
import type { NotChosen, PlacementCandidate, PlacementRequest, PlanStage } from './plan.ts'

export interface ReplacementInit {
  /** As for the plan; its candidates are today's. */
  readonly request: PlacementRequest
  /** The pipeline that lost a stage. */
  readonly stages: readonly PlanStage[]
  readonly stageIndex: number
  /** Devices that may not take over, such as the lost one. */
  readonly excluded: ReadonlySet<PeerId>
}

export interface Replacement {
  /** The lost layer range on its new device. */
  readonly stage: PlanStage
  /** The whole pipeline with it. */
  readonly stages: readonly PlanStage[]
  /** Time until its missing tensors are there. */
  readonly downloadMs: number
}

export type ReplacementChoice =
  | { readonly type: 'replacement'; readonly replacement: Replacement }
  /** Nobody can hold those layers as they are: the model must be placed anew. */
  | { readonly type: 'none'; readonly notChosen: readonly NotChosen[] }

/**
 * The device that has the pipeline going again soonest, and then runs it fastest.
 *
 * A device that already has a stage may take a second one when it has memory for both: a slow
 * pipeline is better than none. The other stages stay where they are.
 */
export function chooseReplacement(init: ReplacementInit): ReplacementChoice {
  // Nothing is paid off over many steps here: the requester waits for the download.
  const cost = new CostModel({ ...init.request, stepsExpected: Number.POSITIVE_INFINITY })
  const { eligible, notChosen } = eligibility(cost)
  const lost = init.stages[init.stageIndex]
  if (lost === undefined) return { type: 'none', notChosen }
  const refused = [...notChosen]
  let best: { readonly span: Span; readonly readyMs: number } | undefined
  for (const candidate of eligible) {
    const { fromLayer, toLayer } = lost
    const span: Span = { candidate, fromLayer, toLayer }
    const reason = refusal(span, init, cost)
    if (reason !== undefined) {
      refused.push({ peer: candidate.peer, ...reason })
      continue
    }
    const stepMs = cost.chain(withSpan(span, init, eligible)).latencyMs
    const readyMs = downloadMs(cost, span) + stepMs
    if (best === undefined || readyMs < best.readyMs) best = { span, readyMs }
  }
  if (best === undefined) return { type: 'none', notChosen: refused }
  const stages = cost.stages(withSpan(best.span, init, eligible))
  const stage = stages[init.stageIndex]
  if (stage === undefined) return { type: 'none', notChosen: refused }
  const replacement = { stage, stages, downloadMs: downloadMs(cost, best.span) }
  return { type: 'replacement', replacement }
}

function refusal(
  { candidate, fromLayer, toLayer }: Span,
  { excluded, stages, stageIndex }: ReplacementInit,
  cost: CostModel,
): Pick<NotChosen, 'code' | 'reason'> | undefined {
  if (excluded.has(candidate.peer)) return { code: 'excluded', reason: 'it lost this stage' }
  const neededBytes = stages
    .filter(({ peer }, index) => index !== stageIndex && peer === candidate.peer)
    .reduce(
      (sum, stage) => sum + cost.memoryBytes(stage.fromLayer, stage.toLayer),
      cost.memoryBytes(fromLayer, toLayer),
    )
  const { keptBytes } = cost.room(fromLayer, toLayer)
  if (fits(candidate, { bytes: neededBytes, keptBytes })) return undefined
  if (neededBytes <= candidate.memoryBytes) {
    return { code: 'memory', reason: 'other texts leave too little of its memory' }
  }
  return {
    code: 'memory',
    reason: `expected ${neededBytes} bytes of memory, got ${candidate.memoryBytes}`,
  }
}

/** The pipeline with `span` in place of the lost stage; devices that are gone keep their last figures. */
function withSpan(
  span: Span,
  { request, stages, stageIndex }: ReplacementInit,
  eligible: readonly PlacementCandidate[],
): Span[] {
  return stages.map((stage, index) => {
    if (index === stageIndex) return span
    const candidate =
      eligible.find(({ peer }) => peer === stage.peer) ??
      request.candidates.find(({ peer }) => peer === stage.peer) ??
      unknownCandidate(stage)
    return { candidate, fromLayer: stage.fromLayer, toLayer: stage.toLayer }
  })
}

/** A device that nothing is known of any more: its stage runs, so its figures matter to no choice. */
function unknownCandidate({ peer }: PlanStage): PlacementCandidate {
  return { peer, gflopsPerS: 1, level: 1, memoryBytes: 0, rttMs: 1, linkMbps: 100 }
}

function downloadMs(cost: CostModel, span: Span): number {
  return (cost.downloadBytes(span) * 8) / (span.candidate.linkMbps * 1000)
}
