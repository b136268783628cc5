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

interface RowEdge {
  readonly target: number
  readonly weight: number
}

/**
 * Each row scaled to sum to {@link ROW_SUM} by the largest remainders, at most {@link ROW_EDGES_MAX} edges of it.
 *
 * @param ranks - The order of the nodes that settles ties: by id, and not by number.
 */
export function walkGraphOf(pairs: WeightedPairs, ranks: Uint32Array): WalkGraph {
  const rows: RowEdge[][] = Array.from({ length: ranks.length }, () => [])
  for (let edge = 0; edge < pairs.count; edge++) {
    const weight = pairs.weight(edge)
    if (weight > 0) rows[pairs.from(edge)]?.push({ target: pairs.to(edge), weight })
  }
  const offsets = new Uint32Array(ranks.length + 1)
  const scaled = rows.map((row, node) => {
    const edges = scaledRow(largestOf(row, ranks), ranks)
    offsets[node + 1] = (offsets[node] as number) + edges.length
    return edges
  })
  const edges = scaled.flat()
  return {
    offsets,
    targets: Uint32Array.from(edges, ({ target }) => target),
    weights: Uint16Array.from(edges, ({ weight }) => weight),
  }
}

function largestOf(row: readonly RowEdge[], ranks: Uint32Array): readonly RowEdge[] {
  if (row.length <= ROW_EDGES_MAX) return row
  const byWeight = row.toSorted((a, b) => b.weight - a.weight || rankOrder(ranks, a, b))
  return byWeight.slice(0, ROW_EDGES_MAX)
}

function scaledRow(row: readonly RowEdge[], ranks: Uint32Array): readonly RowEdge[] {
  const sum = row.reduce((total, { weight }) => total + weight, 0)
  if (sum === 0) return []
  const parts = row.map(({ target, weight }) => {
    const exact = weight * ROW_SUM
    return { target, weight: Math.floor(exact / sum), remainder: exact % sum }
  })
  let left = ROW_SUM - parts.reduce((total, { weight }) => total + weight, 0)
  const byRemainder = parts.toSorted((a, b) => b.remainder - a.remainder || rankOrder(ranks, a, b))
  for (const part of byRemainder) {
    if (left === 0) break
    part.weight++
    left--
  }
  return parts.filter(({ weight }) => weight > 0)
}

function rankOrder(
  ranks: Uint32Array,
  a: { readonly target: number },
  b: { readonly target: number },
): number {
  return (ranks[a.target] as number) - (ranks[b.target] as number)
}
