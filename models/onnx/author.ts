/**
 * Makes ONNX messages with all their fields, so that code that writes graphs can be short.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { TensorSpec } from '../../core/tensor.ts'
import { elementTypeNumber } from './element-type.ts'
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  StringStringEntryProto,
  TensorProto,
  ValueInfoProto,
} from './proto.ts'

/** AttributeProto.AttributeType of onnx.proto. */
const ATTRIBUTE_FLOAT = 1
const ATTRIBUTE_INT = 2
const ATTRIBUTE_STRING = 3
const ATTRIBUTE_GRAPH = 5
const ATTRIBUTE_INTS = 7

/** The value of an attribute: a bare number is an integer, a float must say so. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number }

/** What a node is beside its operator, inputs and outputs. */
export interface NodeInit {
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  readonly domain?: string
}

/** A node named after its first output, which is unique. */
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  init: NodeInit = {},
): NodeProto {
  const attributes = Object.entries(init.attributes ?? {})
  return {
    opType,
    input,
    output,
    name: `${opType}:${output[0] ?? ''}`,
    ...(init.domain === undefined ? {} : { domain: init.domain }),
    attribute: attributes.map(([name, value]) => attribute(name, value)),
    metadataProps: [],
  }
}

/** The body of a branch or a loop. It may name what the graph around it holds. */
export function graphAttribute(name: string, body: Omit<GraphInit, 'initializer'>): AttributeProto {
  const g = { ...NO_GRAPH_PARTS, ...body, initializer: [] }
  return { ...emptyAttribute(name), type: ATTRIBUTE_GRAPH, g }
}

function attribute(name: string, value: AttributeValue): AttributeProto {
  const none = emptyAttribute(name)
  if (typeof value === 'number') return { ...none, type: ATTRIBUTE_INT, i: value }
  if (typeof value === 'string') return { ...none, type: ATTRIBUTE_STRING, s: utf8(value) }
  if ('float' in value) return { ...none, type: ATTRIBUTE_FLOAT, f: value.float }
  return { ...none, type: ATTRIBUTE_INTS, ints: value }
}

function emptyAttribute(name: string): AttributeProto {
  return {
    name,
    floats: [],
    ints: [],
    strings: [],
    tensors: [],
    graphs: [],
    typeProtos: [],
    sparseTensors: [],
  }
}

/** A tensor without data. */
export function tensorProto(name: string, dataType: number, dims: readonly number[]): TensorProto {
  return {
    name,
    dataType,
    dims,
    floatData: [],
    int32Data: [],
    stringData: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
    externalData: [],
    metadataProps: [],
  }
}

/** An input or output with its type; an unknown size is a dimension that says nothing. */
export function valueInfo({ name, type, dims }: TensorSpec): ValueInfoProto {
  const dim = dims.map((size) => {
    if (size === null) return {}
    return typeof size === 'number' ? { dimValue: size } : { dimParam: size }
  })
  const tensorType = { elemType: elementTypeNumber(type), shape: { dim } }
  return { name, type: { tensorType }, metadataProps: [] }
}

/** An output of which only the name is said: the runtime infers its type. */
export function untypedValue(name: string): ValueInfoProto {
  return { name, metadataProps: [] }
}

export function entry(key: string, value: string): StringStringEntryProto {
  return { key, value }
}

/** The parts of a graph that a builder fills. */
export type GraphInit = Pick<GraphProto, 'node' | 'initializer' | 'input' | 'output'> & {
  readonly name: string
}

/** What no graph of ours says. */
const NO_GRAPH_PARTS = {
  valueInfo: [],
  quantizationAnnotation: [],
  sparseInitializer: [],
  metadataProps: [],
}

/** A model of ONNX operator set 21 and onnxruntime's own operators. */
export function model(init: GraphInit): ModelProto {
  return {
    irVersion: 10,
    producerName: 'brume',
    opsetImport: [
      { domain: '', version: 21 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: { ...NO_GRAPH_PARTS, ...init },
    metadataProps: [],
    functions: [],
  }
}
