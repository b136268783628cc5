/**
 * Which candidates may take a stage at all, and why the others may not.
 *
 * @module
 */

import { tierAtLeast } from '../../../attestation/index.ts'
import { type CostModel, fits } from './cost-model.ts'
import type { NotChosen, NotChosenCode, PlacementCandidate } from './plan.ts'

export interface Eligibility {
  readonly eligible: readonly PlacementCandidate[]
  readonly notChosen: readonly NotChosen[]
}

/** Sorts the candidates of `cost.request` into those that may be chosen and those that may not. */
export function eligibility(cost: CostModel): Eligibility {
  const eligible: PlacementCandidate[] = []
  const notChosen: NotChosen[] = []
  for (const candidate of cost.request.candidates) {
    const refusal = refusalOf(candidate, cost)
    if (refusal === undefined) eligible.push(candidate)
    else notChosen.push({ peer: candidate.peer, ...refusal })
  }
  return { eligible, notChosen }
}

interface Refusal {
  readonly code: NotChosenCode
  readonly reason: string
}

function refusalOf(candidate: PlacementCandidate, cost: CostModel): Refusal | undefined {
  const { excluded, tierMin = 'none', numericClass } = cost.request
  const exclusion = excluded?.get(candidate.peer)
  if (exclusion !== undefined) return { code: 'excluded', reason: exclusion }
  if (candidate.distrusted === true) {
    return { code: 'distrusted', reason: 'its answers are not believed' }
  }
  const { tier = 'none' } = candidate
  if (!tierAtLeast(tier, tierMin)) {
    return { code: 'tier', reason: `expected tier ${tierMin} by its evidence, got ${tier}` }
  }
  const scoreText = scoreRefusal(candidate, cost)
  if (scoreText !== undefined) return { code: 'score', reason: scoreText }
  if (numericClass !== undefined && candidate.numericClass !== numericClass) {
    return { code: 'class', reason: 'it computes in another numeric class' }
  }
  if (!(candidate.gflopsPerS * candidate.level > 0)) {
    return { code: 'level', reason: 'its owner grants no computing time now' }
  }
  return memoryRefusal(candidate, cost)
}

function scoreRefusal({ score }: PlacementCandidate, cost: CostModel): string | undefined {
  const { scoreMin = 0 } = cost.request
  if ((score ?? 0) >= scoreMin) return undefined
  const got = score === undefined ? 'none that is certified' : score.toFixed(4)
  return `expected a score of ${scoreMin}, got ${got}`
}

function memoryRefusal(candidate: PlacementCandidate, cost: CostModel): Refusal | undefined {
  const smallest = Math.min(
    ...cost.request.layers.map((_, layer) => cost.memoryBytes(layer, layer + 1)),
  )
  if (smallest <= candidate.memoryBytes) return textRefusal(candidate, cost)
  return {
    code: 'memory',
    reason: `expected ${mebibytes(smallest)} MiB for the smallest layer, got ${mebibytes(candidate.memoryBytes)} MiB`,
  }
}

/** Told for the smallest layer: it fits where any does. */
function textRefusal(candidate: PlacementCandidate, cost: CostModel): Refusal | undefined {
  const { layers } = cost.request
  const someFit = layers.some((_, layer) => fits(candidate, cost.room(layer, layer + 1)))
  if (someFit) return undefined
  const left = mebibytes(candidate.textBytes ?? 0)
  return { code: 'memory', reason: `other texts leave ${left} MiB of its memory for this one` }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1_048_576)
}
