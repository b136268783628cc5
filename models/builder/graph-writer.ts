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

/** A weight of a built model. */
export interface BuiltWeight {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly number[]
  /** Makes its bytes anew, the same each time. */
  readonly content: () => Uint8Array
}

/** The graph, its large initializers without data, and what makes those. */
export interface BuiltGraph {
  readonly model: ModelProto
  readonly weights: readonly BuiltWeight[]
}

export class GraphWriter {
  readonly #nodes: NodeProto[] = []
  readonly #initializers: TensorProto[] = []
  readonly #weights: BuiltWeight[] = []

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

  /** Adds a weight, and returns its name. Small ones are made now and stay in the graph. */
  weight(weight: BuiltWeight): string {
    const { name, type, dims } = weight
    const bytes = elementBytes(
      type,
      dims.reduce((product, size) => product * size, 1),
    )
    const tensor = tensorProto(name, elementTypeNumber(type), dims)
    if (bytes < INLINE_BYTES_MAX) {
      this.#initializers.push({ ...tensor, rawData: weight.content() })
    } else {
      this.#initializers.push(tensor)
      this.#weights.push(weight)
    }
    return name
  }

  finish(name: string, input: readonly TensorSpec[], output: readonly TensorSpec[]): BuiltGraph {
    return {
      model: model({
        name,
        node: this.#nodes,
        initializer: this.#initializers,
        input: input.map(valueInfo),
        output: output.map(valueInfo),
      }),
      weights: this.#weights,
    }
  }
}

/** The model with all its weights inside: for small ones. */
export function completed({ model: outline, weights }: BuiltGraph): ModelProto {
  const contents = new Map(weights.map((weight) => [weight.name, weight]))
  if (outline.graph === undefined) return outline
  const initializer = outline.graph.initializer.map((tensor) => {
    const weight = contents.get(tensor.name ?? '')
    return weight === undefined ? tensor : { ...tensor, rawData: weight.content() }
  })
  return { ...outline, graph: { ...outline.graph, initializer } }
}

/** The bytes of floats, as they stand in memory: little endian on every platform that runs this. */
export function floatBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
