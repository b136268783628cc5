/**
 * A model's outer graph, ready to be asked who makes what and who needs it.
 *
 * "Weights" are the initializers, the Constant nodes and everything computed only
 * from those. They are held by every stage that needs them and never cross a cut.
 *
 * @module
 */

import type { TensorSpec } from '../../core/tensor.ts'
import type { Result } from '../errors.ts'
import { PORTS_MAX } from '../limits.ts'
import { asTensorType, elementTypeOf } from '../onnx/element-type.ts'
import type {
  DimensionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from '../onnx/proto.ts'
import { attempt, refuse } from '../refuse.ts'
import { neededNames, subgraphs } from './captured-names.ts'
import { checkModel, type ExternalData } from './validate.ts'

export interface Graph {
  readonly model: ModelProto
  readonly proto: GraphProto
  readonly nodes: readonly NodeProto[]
  /** For each node, the tensors it needs, captured ones included. */
  readonly needs: readonly (readonly string[])[]
  /** The node that makes a tensor. */
  readonly producers: ReadonlyMap<string, number>
  readonly initializers: ReadonlyMap<string, TensorProto>
  /** Nodes that compute from weights alone: replicated, not cut. */
  readonly fixed: ReadonlySet<number>
  /** Names of all weights. */
  readonly weights: ReadonlySet<string>
  /** Names of the inputs that a run must give. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** What the file says of a tensor's type, where it does. */
  readonly values: ReadonlyMap<string, ValueInfoProto>
}

/** Checks a model and reads its outer graph. */
export function readGraph(model: ModelProto, external: ExternalData): Result<Graph> {
  return attempt(() => {
    const proto = checkModel(model, external)
    const initializers = new Map(proto.initializer.map((tensor) => [tensor.name ?? '', tensor]))
    const given = proto.input.map(({ name = '' }) => name).filter((name) => !initializers.has(name))
    const outputs = proto.output.map(({ name = '' }) => name)
    if (initializers.size !== proto.initializer.length) refuseGraph('each initializer once')
    if (new Set(outputs).size !== outputs.length) refuseGraph('each output once')
    if (Math.max(given.length, outputs.length) > PORTS_MAX) {
      refuse('ONNX_LIMIT', `expected at most ${PORTS_MAX} inputs and outputs`)
    }
    const needs = proto.node.map(neededNames)
    const producers = producersOf(proto.node, needs, [...initializers.keys(), ...given])
    const { fixed, weights } = fixedOf(proto.node, needs, { initializers, outputs })
    for (const name of outputs) {
      if (!producers.has(name) && !given.includes(name)) refuseGraph('outputs that a node makes')
    }
    const values = [...proto.valueInfo, ...proto.input, ...proto.output]
    return {
      model,
      proto,
      nodes: proto.node,
      needs,
      producers,
      initializers,
      fixed,
      weights,
      inputs: given,
      outputs,
      values: new Map(values.map((value) => [value.name ?? '', value])),
    }
  })
}

/** What the file says of a tensor, or undefined when it says nothing or the type may cross no cut. */
export function declaredSpec(graph: Graph, name: string): TensorSpec | undefined {
  const tensor = graph.values.get(name)?.type?.tensorType
  const type = asTensorType(elementTypeOf(Number(tensor?.elemType ?? 0)))
  if (tensor?.shape === undefined || type === undefined) return undefined
  return { name, type, dims: tensor.shape.dim.map(declaredSize) }
}

/** The attribute of a node by its name. */
export function attributeOf(
  node: NodeProto,
  name: string,
): NodeProto['attribute'][number] | undefined {
  return node.attribute.find((attribute) => attribute.name === name)
}

function declaredSize({ dimValue, dimParam }: DimensionProto): number | string | null {
  if (dimParam !== undefined && dimParam !== '') return dimParam
  const size = Number(dimValue ?? -1)
  return Number.isSafeInteger(size) && size >= 0 ? size : null
}

/** Also proves the order: a node that needs what only a later one makes is part of a cycle, or misplaced. */
function producersOf(
  nodes: readonly NodeProto[],
  needs: readonly (readonly string[])[],
  given: readonly string[],
): ReadonlyMap<string, number> {
  const known = new Set(given)
  if (known.size !== given.length) refuseGraph('each input once')
  const producers = new Map<string, number>()
  for (const [index, node] of nodes.entries()) {
    if (needs[index]?.some((name) => !known.has(name))) refuseGraph('nodes behind those they need')
    for (const name of node.output.filter((output) => output !== '')) {
      if (known.has(name)) refuseGraph('each tensor made once')
      known.add(name)
      producers.set(name, index)
    }
  }
  return producers
}

/** Operators that give something else each time. */
const RANDOM = /^(?:Random|Multinomial|Bernoulli|Dropout)/

interface Ends {
  readonly initializers: ReadonlyMap<string, TensorProto>
  readonly outputs: readonly string[]
}

function fixedOf(
  nodes: readonly NodeProto[],
  needs: readonly (readonly string[])[],
  { initializers, outputs }: Ends,
): Pick<Graph, 'fixed' | 'weights'> {
  const fixed = new Set<number>()
  const weights = new Set(initializers.keys())
  const ends = new Set(outputs)
  for (const [index, node] of nodes.entries()) {
    const constant = needs[index]?.every((name) => weights.has(name)) ?? true
    const repeats = !RANDOM.test(node.opType ?? '') && subgraphs(node).length === 0
    // What a run must give back crosses the last cut, so it is computed like any other tensor.
    if (!constant || !repeats || node.output.some((name) => ends.has(name))) continue
    fixed.add(index)
    for (const name of node.output) weights.add(name)
  }
  return { fixed, weights }
}

function refuseGraph(expected: string): never {
  return refuse('ONNX_GRAPH_INVALID', `expected ${expected}`)
}
