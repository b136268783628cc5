/**
 * A model that also gives out everything inside it, to measure types and sizes.
 *
 * onnxruntime is the shape inference: an output needs no type in the file, and a run
 * with sample inputs tells it and the sizes.
 *
 * @module
 */

import { untypedValue } from '../onnx/author.ts'
import type { ModelProto } from '../onnx/proto.ts'

/** `model` with the outputs of all nodes of its outer graph as outputs. */
export function exposed(model: ModelProto): ModelProto {
  const { graph } = model
  if (graph === undefined) return model
  const known = new Set(graph.output.map(({ name }) => name))
  const inside = graph.node
    .flatMap(({ output }) => output)
    .filter((name) => name !== '' && !known.has(name))
  return { ...model, graph: { ...graph, output: [...graph.output, ...inside.map(untypedValue)] } }
}
