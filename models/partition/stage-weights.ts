/**
 * Which of a graph's large weights each node needs, through fixed nodes too.
 *
 * @module
 */

import type { Graph } from '../graph/graph.ts'
import { refuse } from '../refuse.ts'
import { fixedNeeds } from '../graph/prune.ts'
import { tensorShape } from '../graph/tensor-content.ts'
import { INLINE_BYTES_MAX } from '../limits.ts'
import type { TensorProto } from '../onnx/proto.ts'

export interface StageWeights {
  /** Names of the initializers that are blobs, in the order of the graph. */
  readonly tensors: readonly string[]
  /** For each node of an order, the indexes of those that it needs. */
  readonly needs: readonly (readonly number[])[]
}

/** True when an initializer is a blob of its own, and not part of the skeleton. */
export function isBlob(tensor: TensorProto): boolean {
  return (tensorShape(tensor)?.bytes ?? 0) >= INLINE_BYTES_MAX
}

/** Fixed nodes that are walked through, counted anew for each node that needs them: a few seconds. */
const FIXED_STEPS_MAX = 1_000_000

/** The large weights of the nodes in `order`. */
export function weightsOf(graph: Graph, order: readonly number[]): StageWeights {
  const tensors = graph.proto.initializer.filter(isBlob).map(({ name = '' }) => name)
  const indexes = new Map(tensors.map((name, index) => [name, index]))
  let steps = 0
  const needs = order.map((node) => {
    const all = [node, ...fixedNeeds(graph, [node])]
    steps += all.length
    if (steps > FIXED_STEPS_MAX) {
      refuse('ONNX_LIMIT', 'expected fewer nodes between the weights and those that use them')
    }
    return initializersAt(graph, all)
  })
  return {
    tensors,
    needs: needs.map((names) => names.flatMap((name) => indexes.get(name) ?? [])),
  }
}

/** All initializers, large or not, that `nodes` need directly or through fixed nodes. */
export function initializersOf(graph: Graph, nodes: readonly number[]): readonly string[] {
  return initializersAt(graph, [...nodes, ...fixedNeeds(graph, nodes)])
}

function initializersAt(graph: Graph, nodes: readonly number[]): readonly string[] {
  const names = new Set(nodes.flatMap((node) => graph.needs[node] ?? []))
  return [...names].filter((name) => graph.initializers.has(name))
}
