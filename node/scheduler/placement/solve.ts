/**
 * Chooses the devices and layer ranges on which a model runs, and says why.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import { type FoundChain, type SearchResult, searchChains } from './chain-search.ts'
import { type ChainCost, CostModel, latencyRange, type Span } from './cost-model.ts'
import { eligibility } from './eligibility.ts'
import { PlacementError } from './errors.ts'
import { chainText, explain, slowerReason } from './explain.ts'
import type {
  NotChosen,
  OneDevice,
  PlacementCandidate,
  PlacementRequest,
  Plan,
  PlanChain,
} from './plan.ts'
import { STAGES_MAX } from './plan.ts'
import { previousChain } from './previous.ts'

/**
 * Part of the score that another plan must win before the one that runs is given up: speeds and
 * delays that were measured stray by a tenth and more from one text to the next.
 */
const KEEP_SHARE = 0.25

/** The same where only the cuts are others: moving one loads two stages anew (Petals moves from 4/3 on). */
const KEEP_CUTS_SHARE = 1 / 3

/** Part of the rate that a split or one more replica must win over what is simpler. */
const GAIN_SHARE = 0.05

/** Whole copies of the pipeline that are planned at most. */
const REPLICAS_MAX = 64

/**
 * The best plan for `request`. Deterministic: equal requests give equal plans.
 *
 * @throws {PlacementError} PLACEMENT_NO_PEER, PLACEMENT_TIER, PLACEMENT_MEMORY or PLACEMENT_STAGES.
 */
export function solvePlacement(request: PlacementRequest): Plan {
  const cost = new CostModel(request)
  const { eligible, notChosen } = eligibility(cost)
  checkStages(request, eligible.length, notChosen)
  const search = searchChains(cost, { candidates: eligible, ...stageBounds(request) })
  const kept = previousChain(cost, eligible)
  const found = search.best[0]
  if (found === undefined) throw noRoom(cost, eligible, notChosen)
  const keeps = kept !== undefined && kept.score <= found.score * (1 + keepShare(kept, found))
  const first = keeps ? kept : found
  const replicas = chooseReplicas(cost, eligible, first)
  const spans = replicas[0] ?? first.spans
  const chain = cost.chain(spans)
  const oneDevice = bestOneDevice(cost, eligible, chain)
  const chosen = new Set(replicas.flat().map(({ candidate }) => candidate.peer))
  return {
    stages: cost.stages(spans),
    replicas: replicas.map((replica) => cost.stages(replica)),
    predictedLatencyMs: chain.latencyMs,
    predictedPerS: ratePerS(cost, replicas),
    range: latencyRange(chain),
    why: explain({ cost, replicas, chain, oneDevice, eligible, kept: keeps, found }),
    notChosen: [...notChosen, ...leftOut(cost, eligible, { chosen, search, chain })],
    ...(oneDevice === undefined ? {} : { oneDevice }),
    runnersUp: runnersUp(cost, search.best, spans),
  }
}

function keepShare(kept: FoundChain, found: FoundChain): number {
  const devices = ({ spans }: FoundChain): string =>
    spans.map(({ candidate }) => candidate.peer).join(' ')
  return devices(kept) === devices(found) ? KEEP_CUTS_SHARE : KEEP_SHARE
}

function stageBounds({ stages }: PlacementRequest): { stagesMin: number; stagesMax: number } {
  return stages === 'auto'
    ? { stagesMin: 1, stagesMax: STAGES_MAX }
    : { stagesMin: stages, stagesMax: stages }
}

function checkStages(
  request: PlacementRequest,
  eligible: number,
  notChosen: readonly NotChosen[],
): void {
  const { tierMin, scoreMin } = request
  if (eligible === 0 && tierMin !== undefined && notChosen.some(({ code }) => code === 'tier')) {
    throw new PlacementError({ code: 'PLACEMENT_TIER', tierMin, notChosen })
  }
  if (eligible === 0 && scoreMin !== undefined && notChosen.some(({ code }) => code === 'score')) {
    throw new PlacementError({ code: 'PLACEMENT_SCORE', scoreMin, notChosen })
  }
  const tooSmall = notChosen.some(({ code }) => code === 'memory')
  if (eligible === 0 && !tooSmall) {
    throw new PlacementError({ code: 'PLACEMENT_NO_PEER', notChosen })
  }
  const stagesMax = Math.min(eligible, request.layers.length, STAGES_MAX)
  const { stages } = request
  if (eligible > 0 && stages !== 'auto' && stages > stagesMax) {
    throw new PlacementError({ code: 'PLACEMENT_STAGES', stages, stagesMax })
  }
}

function noRoom(
  cost: CostModel,
  eligible: readonly PlacementCandidate[],
  notChosen: readonly NotChosen[],
): PlacementError {
  return new PlacementError({
    code: 'PLACEMENT_MEMORY',
    neededBytes: cost.memoryBytes(0, cost.request.layers.length),
    availableBytes: eligible.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    notChosen,
  })
}

/** Under throughput, devices that hold the whole model come before splits that win little. */
function chooseReplicas(
  cost: CostModel,
  eligible: readonly PlacementCandidate[],
  first: FoundChain,
): readonly (readonly Span[])[] {
  const { replicas, objective, stages } = cost.request
  const wanted = replicas === 'auto' ? REPLICAS_MAX : replicas
  const split = moreReplicas(cost, eligible, [first.spans], stageBounds(cost.request))
  if (objective === 'latency' || stages !== 'auto' || wanted === 1) return split
  const whole = moreReplicas(cost, eligible, [], { stagesMin: 1, stagesMax: 1 })
  const wins = ratePerS(cost, whole) * (1 + GAIN_SHARE) >= ratePerS(cost, split)
  return whole.length > 0 && wins ? whole : split
}

/** Adds pipelines on devices that are still free, as many as are wanted or as help. */
function moreReplicas(
  cost: CostModel,
  eligible: readonly PlacementCandidate[],
  begun: readonly (readonly Span[])[],
  bounds: { readonly stagesMin: number; readonly stagesMax: number },
): readonly (readonly Span[])[] {
  const { replicas: wanted, inFlight } = cost.request
  const limit = wanted === 'auto' ? Math.min(REPLICAS_MAX, inFlight) : wanted
  let replicas = begun
  while (replicas.length < limit) {
    const taken = new Set(replicas.flat().map(({ candidate }) => candidate.peer))
    const candidates = eligible.filter(({ peer }) => !taken.has(peer))
    if (candidates.length < bounds.stagesMin) break
    const [next] = searchChains(cost, { candidates, ...bounds }).best
    if (next === undefined) break
    const more = [...replicas, next.spans]
    const gain = ratePerS(cost, more) / Math.max(ratePerS(cost, replicas), Number.MIN_VALUE)
    if (wanted === 'auto' && gain < 1 + GAIN_SHARE) break
    replicas = more
  }
  return replicas
}

/** Steps per second of all replicas, each with its even part of the steps under way. */
function ratePerS(cost: CostModel, replicas: readonly (readonly Span[])[]): number {
  const inFlight = Math.max(1, Math.floor(cost.request.inFlight / Math.max(1, replicas.length)))
  return replicas.reduce((sum, spans) => sum + cost.chain(spans, inFlight).perS, 0)
}

function bestOneDevice(
  cost: CostModel,
  eligible: readonly PlacementCandidate[],
  plan: ChainCost,
): OneDevice | undefined {
  const [best] = searchChains(cost, { candidates: eligible, stagesMin: 1, stagesMax: 1 }).best
  const peer = best?.spans[0]?.candidate.peer
  if (best === undefined || peer === undefined) return undefined
  const alone = cost.chain(best.spans)
  const faster =
    cost.request.objective === 'latency' ? alone.latencyMs < plan.latencyMs : alone.perS > plan.perS
  return { peer, ...planChain(cost, best.spans), faster }
}

interface Outcome {
  readonly chosen: ReadonlySet<PeerId>
  readonly search: SearchResult
  readonly chain: ChainCost
}

function leftOut(
  cost: CostModel,
  eligible: readonly PlacementCandidate[],
  { chosen, search, chain }: Outcome,
): NotChosen[] {
  return eligible
    .filter(({ peer }) => !chosen.has(peer))
    .map((candidate) => {
      const bestMs = search.bestWith.get(candidate.peer)
      const reason = slowerReason(candidate, bestMs, chain.score, cost.request)
      return { peer: candidate.peer, code: 'slower', reason }
    })
}

function runnersUp(
  cost: CostModel,
  best: readonly FoundChain[],
  chosen: readonly Span[],
): PlanChain[] {
  return best
    .filter(({ spans }) => chainText(spans) !== chainText(chosen))
    .slice(0, 2)
    .map(({ spans }) => planChain(cost, spans))
}

function planChain(cost: CostModel, spans: readonly Span[]): PlanChain {
  const { latencyMs, perS } = cost.chain(spans)
  return { stages: cost.stages(spans), predictedLatencyMs: latencyMs, predictedPerS: perS }
}
