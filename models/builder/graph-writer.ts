/**
 * Collects the nodes and weights of a model that is being built.
 *
 * Weights are made one at a time and on demand: a built model may be larger than memory.
 *
 * @module
 */

import type { TensorSpec } from '../../core/tensor.ts'
import { INLINE_BYTES_MAX } from '../limits.ts'
import { model, node, tensorProto, valueInfo, type NodeInit } from '../onnx/author.ts'
import { elementBytes, elementTypeNumber, type ElementType } from '../onnx/element-type.ts'
import type { ModelProto, NodeProto, TensorProto } from '../onnx/proto.ts'

/** What is said of a weight before its bytes are there. */
export interface WeightSpec {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly number[]
}

/** A weight of a built model. */
export interface BuiltWeight extends WeightSpec {
  /** Makes its bytes anew, the same each time. */
  readonly content: () => Uint8Array
}

/** A graph, its initializers without data, and what those are. */
export interface Outline<Weight extends WeightSpec> {
  readonly model: ModelProto
  readonly weights: readonly Weight[]
}

/** The graph, its large initializers without data, and what makes those. */
export type BuiltGraph = Outline<BuiltWeight>

export class GraphWriter<Weight extends WeightSpec = BuiltWeight> {
  readonly #nodes: NodeProto[] = []
  readonly #weights: Weight[] = []

  /** Adds a node with one named output, and returns that name. */
  node(opType: string, inputs: readonly string[], output: string, init: NodeInit = {}): string {
    this.#nodes.push(node(opType, inputs, [output], init))
    return output
  }

  /** Adds a node with several outputs. */
  nodes(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    init: NodeInit,
  ): void {
    this.#nodes.push(node(opType, inputs, outputs, init))
  }

  /** Adds a weight, and returns its name. */
  weight(weight: Weight): string {
    this.#weights.push(weight)
    return weight.name
  }

  finish(
    name: string,
    input: readonly TensorSpec[],
    output: readonly TensorSpec[],
  ): Outline<Weight> {
    return {
      model: model({
        name,
        node: this.#nodes,
        initializer: this.#weights.map((weight) =>
          tensorProto(weight.name, elementTypeNumber(weight.type), weight.dims),
        ),
        input: input.map(valueInfo),
        output: output.map(valueInfo),
      }),
      weights: this.#weights,
    }
  }
}

/** Bytes that a weight has. */
export function weightBytes({ type, dims }: WeightSpec): number {
  return elementBytes(
    type,
    dims.reduce((product, size) => product * size, 1),
  )
}

/** True when a weight stays in the graph, being too small for a blob of its own. */
export function staysInGraph(weight: WeightSpec): boolean {
  return weightBytes(weight) < INLINE_BYTES_MAX
}

/** `outline` with these weights inside. */
export function filled(outline: ModelProto, contents: ReadonlyMap<string, Uint8Array>): ModelProto {
  if (outline.graph === undefined) return outline
  const initializer = outline.graph.initializer.map((tensor): TensorProto => {
    const rawData = contents.get(tensor.name ?? '')
    return rawData === undefined ? tensor : { ...tensor, rawData }
  })
  return { ...outline, graph: { ...outline.graph, initializer } }
}

/** The same graph with the small weights inside; large ones are made one at a time and on demand. */
export function withSmallWeights({ model: outline, weights }: BuiltGraph): BuiltGraph {
  const small = weights.filter(staysInGraph)
  return {
    model: filled(outline, new Map(small.map(({ name, content }) => [name, content()]))),
    weights: weights.filter((weight) => !staysInGraph(weight)),
  }
}

/** The model with all its weights inside: for small ones. */
export function completed({ model: outline, weights }: BuiltGraph): ModelProto {
  return filled(outline, new Map(weights.map(({ name, content }) => [name, content()])))
}

/** The bytes of floats, as they stand in memory: little endian on every platform that runs this. */
export function floatBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
