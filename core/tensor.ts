/**
 * A tensor as it crosses processes and wires: a type, dimensions, and little-endian bytes.
 *
 * @module
 */

/** Element types that may cross a cut, with the bytes of one element. */
export const TENSOR_TYPES = {
  float32: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  float64: 8,
  uint32: 4,
  uint64: 8,
} as const

export type TensorType = keyof typeof TENSOR_TYPES

/** Rank that every tensor stays within. */
export const TENSOR_RANK_MAX = 16

/** A named tensor. `data` holds exactly the elements that `dims` count, row by row, little endian. */
export interface Tensor {
  readonly name: string
  readonly type: TensorType
  /** Sizes from the outermost dimension in; empty for a scalar. */
  readonly dims: readonly number[]
  readonly data: Uint8Array
}

/** What a graph says of a tensor before it runs: a dimension is a size, a name that stands for one, or unknown. */
export interface TensorSpec {
  readonly name: string
  readonly type: TensorType
  readonly dims: readonly (number | string | null)[]
}

/** Elements that `dims` count: 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1)
}

/** Bytes that a tensor of this type and size has. */
export function tensorBytes(type: TensorType, dims: readonly number[]): number {
  return TENSOR_TYPES[type] * elementCount(dims)
}

/**
 * Why `tensor` cannot be what `spec` asks for, or undefined when it can.
 *
 * Named dimensions are free here: that equal names mean equal sizes is checked by the graph itself.
 */
export function tensorMismatch(tensor: Tensor, spec: TensorSpec): string | undefined {
  if (tensor.type !== spec.type) return `expected ${spec.type}, got ${tensor.type}`
  const fits =
    tensor.dims.length === spec.dims.length &&
    spec.dims.every((size, axis) => typeof size !== 'number' || size === tensor.dims[axis])
  if (!fits) return `expected shape ${shapeText(spec.dims)}, got ${shapeText(tensor.dims)}`
  const bytes = tensorBytes(tensor.type, tensor.dims)
  if (tensor.data.length !== bytes) return `expected ${bytes} bytes, got ${tensor.data.length}`
  return undefined
}

/**
 * A shape as people write it.
 *
 * @example
 * ```ts
 * shapeText([1, 'seq', null]) // => '[1,seq,?]'
 * ```
 */
export function shapeText(dims: readonly (number | string | null)[]): string {
  return `[${dims.map((size) => size ?? '?').join(',')}]`
}
