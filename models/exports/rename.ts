/**
 * Other names for tensors of a graph without branches.
 *
 * @module
 */

import type { ModelProto, NodeProto, TensorProto, ValueInfoProto } from '../onnx/proto.ts'

/** `model` with the tensors that `names` lists called otherwise. */
export function renamed(model: ModelProto, names: ReadonlyMap<string, string>): ModelProto {
  const { graph } = model
  if (graph === undefined || names.size === 0) return model
  const other = (name: string): string => names.get(name) ?? name
  const named = <T extends TensorProto | ValueInfoProto>(value: T): T => ({
    ...value,
    name: other(value.name ?? ''),
  })
  const node = graph.node.map((one): NodeProto => ({
    ...one,
    input: one.input.map(other),
    output: one.output.map(other),
  }))
  return {
    ...model,
    graph: {
      ...graph,
      node,
      initializer: graph.initializer.map(named),
      input: graph.input.map(named),
      output: graph.output.map(named),
      valueInfo: graph.valueInfo.map(named),
    },
  }
}
