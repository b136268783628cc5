/**
 * Tensors in a line of text: name, type, shape and the first values.
 *
 * @module
 */

import {
  elementCount,
  shapeText,
  TENSOR_TYPES,
  type Tensor,
  type TensorType,
} from '../../core/tensor.ts'

/** Values that are shown of one tensor. */
const VALUES_MAX = 10
/** Digits of a float: more are there, but nobody compares them by eye. */
const DIGITS = 5

/** Reads one element. */
type Reader = (view: DataView, at: number) => number | bigint

const READERS: Readonly<Record<TensorType, Reader>> = {
  float16: (view, at) => view.getFloat16(at, true),
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
  int8: (view, at) => view.getInt8(at),
  int16: (view, at) => view.getInt16(at, true),
  int32: (view, at) => view.getInt32(at, true),
  int64: (view, at) => view.getBigInt64(at, true),
  uint8: (view, at) => view.getUint8(at),
  uint16: (view, at) => view.getUint16(at, true),
  uint32: (view, at) => view.getUint32(at, true),
  uint64: (view, at) => view.getBigUint64(at, true),
  bool: (view, at) => view.getUint8(at),
}

/**
 * `tensor` in a line.
 *
 * @example
 * ```ts
 * tensorText({ name: 'y', type: 'uint8', dims: [2], data: Uint8Array.of(7, 8) }) // => 'y uint8[2]  7 8'
 * ```
 */
export function tensorText({ name, type, dims, data }: Tensor): string {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const count = elementCount(dims)
  const values = Array.from({ length: Math.min(count, VALUES_MAX) }, (_, index) =>
    valueText(READERS[type](view, index * TENSOR_TYPES[type])),
  )
  const more = count > VALUES_MAX ? ` … (${count - VALUES_MAX} more)` : ''
  return `${name} ${type}${shapeText(dims)}  ${values.join(' ')}${more}`
}

function valueText(value: number | bigint): string {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value)
  return String(Number(value.toPrecision(DIGITS)))
}
