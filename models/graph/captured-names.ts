/**
 * What a node takes, including names that its subgraphs use from outside themselves.
 *
 * A branch of If or the body of Loop may name any tensor of the graphs around it
 * (ONNX IR specification, "Nested subgraphs"); a cut must carry those too.
 *
 * @module
 */

import type { GraphProto, NodeProto } from '../onnx/proto.ts'

/** Names of all tensors that `node` needs, each once, left-out inputs not counted. */
export function neededNames(node: NodeProto): readonly string[] {
  const names = new Set(node.input.filter((name) => name !== ''))
  for (const graph of subgraphs(node)) {
    for (const name of capturedNames(graph)) names.add(name)
  }
  return [...names]
}

/** The graphs in a node's attributes. */
export function subgraphs(node: NodeProto): readonly GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]))
}

function capturedNames(graph: GraphProto): ReadonlySet<string> {
  const own = new Set<string>()
  for (const { name } of [...graph.initializer, ...graph.input]) own.add(name ?? '')
  const captured = new Set<string>()
  for (const node of graph.node) {
    for (const name of neededNames(node)) if (!own.has(name)) captured.add(name)
    for (const name of node.output) own.add(name)
  }
  for (const { name = '' } of graph.output) if (!own.has(name)) captured.add(name)
  return captured
}
