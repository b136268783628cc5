/**
 * Which tensors must cross a cut at each position of an order of nodes.
 *
 * A tensor is live from the cut behind the node that makes it up to the cut before
 * the last node that needs it. Inputs live from the first cut, and outputs up to the last
 * one, so that one cut holds all that the rest of the model needs and gives.
 *
 * @module
 */

import type { Graph } from './graph.ts'

/** A tensor and the first and last position of a cut that it crosses. */
export interface LiveTensor {
  readonly name: string
  readonly first: number
  readonly last: number
}

const NONE: ReadonlySet<string> = new Set()

/**
 * All tensors that cross some cut, by where they begin. Position p lies before the p-th node of `order`.
 *
 * @param local - Names of tensors that stay where they are, and cross none.
 */
export function liveTensors(
  graph: Graph,
  order: readonly number[],
  local: ReadonlySet<string> = NONE,
): readonly LiveTensor[] {
  const last = lastNeeds(graph, order)
  const live: LiveTensor[] = []
  const add = (name: string, first: number): void => {
    const end = last.get(name)
    if (end !== undefined && end >= first) live.push({ name, first, last: end })
  }
  for (const name of graph.inputs) add(name, 0)
  for (const [position, node] of order.entries()) {
    for (const name of graph.nodes[node]?.output ?? []) if (name !== '') add(name, position + 1)
  }
  return live.filter(({ name }) => !local.has(name))
}

/** The position of the last cut that each tensor crosses, weights left out. */
function lastNeeds(graph: Graph, order: readonly number[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>()
  for (const [position, node] of order.entries()) {
    for (const name of graph.needs[node] ?? []) {
      if (!graph.weights.has(name)) last.set(name, position)
    }
  }
  for (const name of graph.outputs) last.set(name, order.length)
  return last
}

/** The names that cross the cut at `position`; at the end, in the order of the outputs. */
export function namesAt(
  graph: Graph,
  live: readonly LiveTensor[],
  position: number,
): readonly string[] {
  const names = live
    .filter(({ first, last }) => first <= position && position <= last)
    .map(({ name }) => name)
  if (live.some(({ last }) => last > position)) return names
  const rank = new Map(graph.outputs.map((name, index) => [name, index]))
  return names.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))
}

/** The sum of `amount` over the tensors that cross each cut, `positions` of them. */
export function widths(
  live: readonly LiveTensor[],
  positions: number,
  amount: (name: string) => number,
): readonly number[] {
  const steps = new Float64Array(positions + 1)
  for (const { name, first, last } of live) {
    const value = amount(name)
    steps[first] = (steps[first] ?? 0) + value
    steps[last + 1] = (steps[last + 1] ?? 0) - value
  }
  let sum = 0
  return Array.from({ length: positions }, (_, index) => (sum += steps[index] ?? 0))
}
