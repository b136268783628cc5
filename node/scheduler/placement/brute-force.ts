/**
 * The best pipeline by trying them all: what the solver is held against in tests and benchmarks.
 *
 * @module
 */

import { type CostModel, fits, type Span } from './cost-model.ts'
import type { PlacementCandidate } from './plan.ts'

/** A pipeline and its score; Infinity and no spans when none fits. */
export interface Forced {
  readonly spans: readonly Span[]
  readonly score: number
}

/** Every ordered subset of `candidates` with every set of boundaries, scored by `cost` itself. */
export function bruteForce(cost: CostModel, candidates: readonly PlacementCandidate[]): Forced {
  const layers = cost.request.layers.length
  let best: Forced = { spans: [], score: Number.POSITIVE_INFINITY }
  const extend = (spans: readonly Span[], fromLayer: number): void => {
    if (fromLayer === layers) {
      const { score } = cost.chain(spans)
      if (score < best.score) best = { spans, score }
      return
    }
    for (const candidate of candidates) {
      if (spans.some((span) => span.candidate === candidate)) continue
      for (let toLayer = fromLayer + 1; toLayer <= layers; toLayer++) {
        if (!fits(candidate, cost.room(fromLayer, toLayer))) break
        extend([...spans, { candidate, fromLayer, toLayer }], toLayer)
      }
    }
  }
  extend([], 0)
  return best
}

/**
 * The same number of layers on every device, in the order given, whether they fit or not: what
 * one would do without a solver.
 */
export function evenSplit(
  cost: CostModel,
  candidates: readonly PlacementCandidate[],
): readonly Span[] {
  const layers = cost.request.layers.length
  const used = candidates.slice(0, layers)
  const boundary = (index: number): number => Math.round((index * layers) / used.length)
  return used.map((candidate, index) => ({
    candidate,
    fromLayer: boundary(index),
    toLayer: boundary(index + 1),
  }))
}
