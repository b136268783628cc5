/**
 * Tensors as people write them in JSON: data as (nested) lists of numbers, or as base64.
 *
 * @module
 */

import { TENSOR_TYPES, type Tensor, type TensorType, tensorBytes } from '../../core/tensor.ts'

/** Tensors of one or several inputs, or why the JSON holds none. */
export type ReadInputs = readonly (readonly Tensor[])[] | string

/**
 * The inputs that `json` holds: an object of tensors by name, or a list of such objects.
 *
 * @example
 * ```ts
 * inputsFromJson({ x: { type: 'uint8', dims: [2], data: [1, 2] } }).length // => 1
 * inputsFromJson({ x: { type: 'uint8', dims: [3], data: [1, 2] } }) // => 'x: expected 3 elements, got 2'
 * ```
 */
export function inputsFromJson(json: unknown): ReadInputs {
  const items: readonly unknown[] = Array.isArray(json) ? json : [json]
  const inputs: (readonly Tensor[])[] = []
  for (const item of items) {
    if (!isObject(item)) return 'expected an object of tensors by name'
    const tensors = Object.entries(item).map(([name, value]) => tensorFromJson(name, value))
    const refused = tensors.find((tensor) => typeof tensor === 'string')
    if (refused !== undefined) return refused
    inputs.push(tensors as Tensor[])
  }
  return inputs
}

/** Writes one number as an element. */
type Writer = (view: DataView, at: number, value: number) => void

const WRITERS: Readonly<Record<TensorType, Writer>> = {
  float16: (view, at, value) => view.setFloat16(at, value, true),
  float32: (view, at, value) => view.setFloat32(at, value, true),
  float64: (view, at, value) => view.setFloat64(at, value, true),
  int8: (view, at, value) => view.setInt8(at, value),
  int16: (view, at, value) => view.setInt16(at, value, true),
  int32: (view, at, value) => view.setInt32(at, value, true),
  int64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  uint8: (view, at, value) => view.setUint8(at, value),
  uint16: (view, at, value) => view.setUint16(at, value, true),
  uint32: (view, at, value) => view.setUint32(at, value, true),
  uint64: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
  bool: (view, at, value) => view.setUint8(at, value === 0 ? 0 : 1),
}

function tensorFromJson(name: string, value: unknown): Tensor | string {
  if (!isObject(value)) return `${name}: expected type, dims and data`
  const { type, dims, data } = value
  if (!isTensorType(type)) return `${name}: expected a tensor type, got ${JSON.stringify(type)}`
  if (!isDims(dims)) return `${name}: expected dims as a list of sizes`
  const bytes = dataBytes(type, dims, data)
  return typeof bytes === 'string' ? `${name}: ${bytes}` : { name, type, dims, data: bytes }
}

function dataBytes(type: TensorType, dims: readonly number[], data: unknown): Uint8Array | string {
  const expected = tensorBytes(type, dims)
  if (typeof data === 'string') {
    const bytes = new Uint8Array(Buffer.from(data, 'base64'))
    return bytes.length === expected ? bytes : `expected ${expected} bytes, got ${bytes.length}`
  }
  if (!Array.isArray(data)) return 'expected data as a list of numbers or base64'
  return elementBytes(type, dims, data.flat(Infinity) as unknown[])
}

function elementBytes(
  type: TensorType,
  dims: readonly number[],
  elements: readonly unknown[],
): Uint8Array | string {
  const expected = tensorBytes(type, dims)
  const size = TENSOR_TYPES[type]
  if (elements.length !== expected / size) {
    return `expected ${expected / size} elements, got ${elements.length}`
  }
  const bytes = new Uint8Array(expected)
  const view = new DataView(bytes.buffer)
  const whole = !type.startsWith('float')
  for (const [index, element] of elements.entries()) {
    const value = typeof element === 'boolean' ? Number(element) : element
    if (typeof value !== 'number' || (whole && !Number.isSafeInteger(value))) {
      return `expected numbers of type ${type}, got ${JSON.stringify(element)}`
    }
    WRITERS[type](view, index * size, value)
  }
  return bytes
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTensorType(value: unknown): value is TensorType {
  return typeof value === 'string' && Object.hasOwn(TENSOR_TYPES, value)
}

function isDims(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}
