/**
 * Writes small ONNX graphs: for the speed measurement of this device, and for tests.
 *
 * Only what those need of onnx.proto (ONNX 1.19): a model with one graph. Importing and cutting
 * real models is the subject of the room models/.
 *
 * @module
 */

import { concatBytes, utf8 } from '../../core/bytes.ts'
import type { TensorType } from '../../core/tensor.ts'

export interface TinyValue {
  readonly name: string
  readonly type: TensorType
  readonly dims: readonly (number | string)[]
}

export interface TinyNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, number | TinyGraph>>
}

export interface TinyTensor {
  readonly name: string
  readonly type: TensorType
  readonly dims: readonly number[]
  /** Little-endian elements, or where they lie beside the model's file. */
  readonly data: Uint8Array | { readonly location: string; readonly bytes: number }
}

export interface TinyGraph {
  readonly nodes: readonly TinyNode[]
  readonly inputs: readonly TinyValue[]
  readonly outputs: readonly TinyValue[]
  readonly initializers?: readonly TinyTensor[]
}

/** The bytes of an ONNX file: IR version 8, opset 17. */
export function tinyModel(graph: TinyGraph): Uint8Array {
  return concatBytes([
    varintField(1, 8),
    bytesField(7, graphBytes(graph)),
    bytesField(8, concatBytes([textField(1, ''), varintField(2, 17)])),
  ])
}

const ONNX_TYPE: Readonly<Record<TensorType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
}

function graphBytes({ nodes, inputs, outputs, initializers = [] }: TinyGraph): Uint8Array {
  return concatBytes([
    ...nodes.map((node) => bytesField(1, nodeBytes(node))),
    textField(2, 'graph'),
    ...initializers.map((tensor) => bytesField(5, tensorBytes(tensor))),
    ...inputs.map((value) => bytesField(11, valueBytes(value))),
    ...outputs.map((value) => bytesField(12, valueBytes(value))),
  ])
}

function nodeBytes({ op, inputs, outputs, attributes = {} }: TinyNode): Uint8Array {
  return concatBytes([
    ...inputs.map((name) => textField(1, name)),
    ...outputs.map((name) => textField(2, name)),
    textField(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, attribute(name, value))),
  ])
}

function attribute(name: string, value: number | TinyGraph): Uint8Array {
  const content =
    typeof value === 'number'
      ? [varintField(3, value), varintField(20, 2)]
      : [bytesField(6, graphBytes(value)), varintField(20, 5)]
  return concatBytes([textField(1, name), ...content])
}

function tensorBytes({ name, type, dims, data }: TinyTensor): Uint8Array {
  const content =
    data instanceof Uint8Array
      ? [bytesField(9, data)]
      : [
          bytesField(13, entry('location', data.location)),
          bytesField(13, entry('offset', '0')),
          bytesField(13, entry('length', String(data.bytes))),
          varintField(14, 1),
        ]
  return concatBytes([
    ...dims.map((size) => varintField(1, size)),
    varintField(2, ONNX_TYPE[type]),
    textField(8, name),
    ...content,
  ])
}

function entry(key: string, value: string): Uint8Array {
  return concatBytes([textField(1, key), textField(2, value)])
}

function valueBytes({ name, type, dims }: TinyValue): Uint8Array {
  const shape = dims.map((size) =>
    bytesField(1, typeof size === 'number' ? varintField(1, size) : textField(2, size)),
  )
  const tensor = concatBytes([varintField(1, ONNX_TYPE[type]), bytesField(2, concatBytes(shape))])
  return concatBytes([textField(1, name), bytesField(2, bytesField(1, tensor))])
}

function varintField(field: number, value: number): Uint8Array {
  return concatBytes([varint(field * 8), varint(value)])
}

function textField(field: number, text: string): Uint8Array {
  return bytesField(field, utf8(text))
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return concatBytes([varint(field * 8 + 2), varint(bytes.length), bytes])
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  while (left > 127) {
    bytes.push((left % 128) + 128)
    left = Math.floor(left / 128)
  }
  bytes.push(left)
  return Uint8Array.from(bytes)
}
