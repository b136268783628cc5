/**
 * A model without what its outputs do not need.
 *
 * Spare outputs and dead branches would keep tensors alive across every cut.
 *
 * @module
 */

import type { ModelProto, ValueInfoProto } from '../onnx/proto.ts'
import type { Graph } from './graph.ts'

/**
 * The model with its nodes in `order`, behind the fixed ones that they need.
 *
 * Inputs that no node needs go, as do initializers' entries among the inputs: a run
 * must give what is left, and cannot change a weight.
 */
export function arranged(graph: Graph, order: readonly number[]): ModelProto {
  const kept = [...fixedNeeds(graph, order), ...order]
  const needed = new Set(kept.flatMap((index) => graph.needs[index] ?? []))
  const ends = new Set(graph.outputs)
  const made = new Set(kept.flatMap((index) => graph.nodes[index]?.output ?? []))
  const name = (value: ValueInfoProto): string => value.name ?? ''
  return {
    ...graph.model,
    graph: {
      ...graph.proto,
      node: kept.flatMap((index) => graph.nodes[index] ?? []),
      initializer: graph.proto.initializer.filter((tensor) => needed.has(tensor.name ?? '')),
      input: graph.proto.input.filter(
        (value) =>
          !graph.initializers.has(name(value)) &&
          (needed.has(name(value)) || ends.has(name(value))),
      ),
      valueInfo: graph.proto.valueInfo.filter((value) => made.has(name(value))),
    },
  }
}

/** The fixed nodes that `nodes` need, directly or through others, in the order of the file. */
export function fixedNeeds(graph: Graph, nodes: readonly number[]): readonly number[] {
  const found = new Set<number>()
  const open = [...nodes]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const name of graph.needs[node] ?? []) {
      const producer = graph.producers.get(name)
      if (producer === undefined || !graph.fixed.has(producer) || found.has(producer)) continue
      found.add(producer)
      open.push(producer)
    }
  }
  return [...found].toSorted((a, b) => a - b)
}
