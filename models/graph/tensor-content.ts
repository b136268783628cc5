/**
 * The elements of an ONNX tensor as plain little-endian bytes, wherever the file keeps them.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import { TENSOR_RANK_MAX } from '../../core/tensor.ts'
import { TENSOR_BYTES_MAX } from '../limits.ts'
import { elementBytes, elementTypeOf, type ElementType } from '../onnx/element-type.ts'
import type { Int64, TensorProto } from '../onnx/proto.ts'
import { WireReader } from '../onnx/reader.ts'
import { refuse } from '../refuse.ts'

/** A tensor's type and size, checked. */
export interface TensorShape {
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly bytes: number
}

/** Type, dims and bytes of a tensor of fixed-size elements; undefined for strings, whose size is not known. */
export function tensorShape(tensor: TensorProto): TensorShape | undefined {
  const type = elementTypeOf(asNumber(tensor.dataType))
  if (type === undefined) return undefined
  const dims = tensor.dims.map(asNumber)
  if (dims.length > TENSOR_RANK_MAX || dims.some((size) => size < 0)) {
    refuse('ONNX_GRAPH_INVALID', 'expected tensor dimensions of zero or more')
  }
  const bytes = elementBytes(
    type,
    dims.reduce((product, size) => product * size, 1),
  )
  if (bytes > TENSOR_BYTES_MAX) {
    refuse('ONNX_LIMIT', `expected a tensor of at most ${TENSOR_BYTES_MAX} bytes`)
  }
  return { type, dims, bytes }
}

/** True when the tensor's bytes lie in another file. */
export function isExternal(tensor: TensorProto): boolean {
  return tensor.externalData.length > 0 || asNumber(tensor.dataLocation ?? 0) !== 0
}

/**
 * The elements' bytes: a view on the file where it holds them in this form.
 *
 * Refuses tensors in other files, and data whose size is not what the dimensions say.
 */
export function tensorContent(tensor: TensorProto, shape: TensorShape): Uint8Array {
  if (isExternal(tensor)) refuse('ONNX_UNSUPPORTED', 'expected weights inside the file')
  const content = tensor.rawData ?? typedContent(tensor, shape)
  if (content.length !== shape.bytes) {
    refuse('ONNX_GRAPH_INVALID', `expected ${shape.bytes} bytes of a tensor, got ${content.length}`)
  }
  return content
}

/** The typed fields: floats and doubles are as they should be, integers are varints, one an element. */
function typedContent(tensor: TensorProto, { type, bytes }: TensorShape): Uint8Array {
  if (type === 'float32' || type === 'complex64') return concatBytes(tensor.floatData)
  if (type === 'float64' || type === 'complex128') return concatBytes(tensor.doubleData)
  const packed = [...tensor.int32Data, ...tensor.int64Data, ...tensor.uint64Data]
  const width = integerBytes(type)
  // Each element takes a byte or more: beyond that, the dimensions are a lie that costs memory.
  if (bytes > 8 * packed.reduce((sum, list) => sum + list.length, 0)) {
    refuse('ONNX_GRAPH_INVALID', `expected ${bytes} bytes of a tensor, got fewer`)
  }
  const content = new Uint8Array(bytes)
  const view = new DataView(content.buffer)
  let at = 0
  for (const list of packed) {
    const reader = new WireReader(list)
    while (!reader.done && at + width <= bytes) {
      writeInteger(view, at, width, reader.integer())
      at += width
    }
  }
  return content.subarray(0, at)
}

/** Bytes of what one integer of the typed fields stands for; 4-bit types come as pairs. */
function integerBytes(type: ElementType): 1 | 2 | 4 | 8 {
  const bytes = Math.max(1, elementBytes(type, 1))
  if (bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8) return bytes
  return refuse('ONNX_UNSUPPORTED', 'expected elements of at most 8 bytes')
}

function writeInteger(view: DataView, at: number, width: 1 | 2 | 4 | 8, value: Int64): void {
  const bits = BigInt.asUintN(64, BigInt(value))
  if (width === 8) view.setBigUint64(at, bits, true)
  else if (width === 4) view.setUint32(at, Number(bits & 0xffffffffn), true)
  else if (width === 2) view.setUint16(at, Number(bits & 0xffffn), true)
  else view.setUint8(at, Number(bits & 0xffn))
}

function asNumber(value: Int64 | undefined): number {
  const number = Number(value ?? 0)
  return Number.isSafeInteger(number) ? number : refuse('ONNX_LIMIT', 'expected sizes below 2^53')
}
