/**
 * The rows that a walk follows, from weighted pairs.
 *
 * @module
 */

import { ROW_EDGES_MAX, ROW_SUM } from './limits.ts'
import type { WalkGraph } from './walk.ts'

/** Pairs with their weights, below 2^32; those of weight 0 are none. */
export interface WeightedPairs {
  readonly count: number
  readonly from: (edge: number) => number
  readonly to: (edge: number) => number
  readonly weight: (edge: number) => number
}

/** Pairs by the node that they lead from. */
interface Rows {
  readonly offsets: Uint32Array
  readonly targets: Uint32Array
  readonly weights: Uint32Array
}

/**
 * Each row scaled to sum to {@link ROW_SUM} by the largest remainders, at most {@link ROW_EDGES_MAX} edges of it.
 *
 * @param ranks - The order of the nodes that settles ties: by id, and not by number.
 */
export function walkGraphOf(pairs: WeightedPairs, ranks: Uint32Array): WalkGraph {
  const rows = rowsOf(pairs, ranks.length)
  const offsets = new Uint32Array(ranks.length + 1)
  const targets = new Uint32Array(rows.targets.length)
  const weights = new Uint16Array(rows.targets.length)
  let end = 0
  for (let node = 0; node < ranks.length; node++) {
    const edges = largestOf(rows, node, ranks)
    const scaled = scaledRow(rows, edges, ranks)
    for (const [at, edge] of edges.entries()) {
      const weight = scaled[at] as number
      if (weight === 0) continue
      targets[end] = rows.targets[edge] as number
      weights[end++] = weight
    }
    offsets[node + 1] = end
  }
  return { offsets, targets: targets.slice(0, end), weights: weights.slice(0, end) }
}

/** In typed arrays, because each device does this for all pairs of its mesh in each epoch. */
function rowsOf(pairs: WeightedPairs, nodes: number): Rows {
  const all = new Uint32Array(pairs.count)
  const offsets = new Uint32Array(nodes + 1)
  for (let edge = 0; edge < pairs.count; edge++) {
    const weight = pairs.weight(edge)
    all[edge] = weight
    const next = pairs.from(edge) + 1
    if (weight > 0) offsets[next] = (offsets[next] as number) + 1
  }
  for (let node = 0; node < nodes; node++) {
    offsets[node + 1] = (offsets[node + 1] as number) + (offsets[node] as number)
  }
  const filled = offsets.slice()
  const targets = new Uint32Array(offsets[nodes] as number)
  const weights = new Uint32Array(targets.length)
  for (const [edge, weight] of all.entries()) {
    if (weight === 0) continue
    const from = pairs.from(edge)
    const at = filled[from] as number
    targets[at] = pairs.to(edge)
    weights[at] = weight
    filled[from] = at + 1
  }
  return { offsets, targets, weights }
}

/** The heaviest edges of a row: all of them, in nearly every row. */
function largestOf(rows: Rows, node: number, ranks: Uint32Array): readonly number[] {
  const { offsets, targets, weights } = rows
  const edges: number[] = []
  for (let edge = offsets[node] as number; edge < (offsets[node + 1] as number); edge++) {
    edges.push(edge)
  }
  if (edges.length <= ROW_EDGES_MAX) return edges
  const byWeight = edges.toSorted(
    (a, b) => (weights[b] as number) - (weights[a] as number) || rankOrder(ranks, targets, [a, b]),
  )
  return byWeight.slice(0, ROW_EDGES_MAX)
}

/** Weights in the order of `edges`, which sum to {@link ROW_SUM}. */
function scaledRow(
  { targets, weights }: Rows,
  edges: readonly number[],
  ranks: Uint32Array,
): readonly number[] {
  const exact = edges.map((edge) => (weights[edge] as number) * ROW_SUM)
  const sum = edges.reduce((total, edge) => total + (weights[edge] as number), 0)
  const scaled = exact.map((weight) => Math.floor(weight / sum))
  let left = ROW_SUM - scaled.reduce((total, weight) => total + weight, 0)
  if (left === 0) return scaled
  const remainders = exact.map((weight) => weight % sum)
  const places = edges.map((_, at) => at)
  places.sort(
    (a, b) =>
      (remainders[b] as number) - (remainders[a] as number) ||
      rankOrder(ranks, targets, [edges[a] as number, edges[b] as number]),
  )
  for (const place of places) {
    if (left === 0) break
    scaled[place] = (scaled[place] as number) + 1
    left--
  }
  return scaled
}

function rankOrder(
  ranks: Uint32Array,
  targets: Uint32Array,
  [a, b]: readonly [number, number],
): number {
  return (ranks[targets[a] as number] as number) - (ranks[targets[b] as number] as number)
}
