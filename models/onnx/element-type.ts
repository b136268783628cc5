/**
 * ONNX element types by name and number (TensorProto.DataType in onnx.proto).
 *
 * @module
 */

import { TENSOR_TYPES, type TensorType } from '../../core/tensor.ts'

/** Number and bits of one element. `string` is missing: it has no fixed size and crosses no cut. */
const TYPES = {
  float32: [1, 32],
  uint8: [2, 8],
  int8: [3, 8],
  uint16: [4, 16],
  int16: [5, 16],
  int32: [6, 32],
  int64: [7, 64],
  bool: [9, 8],
  float16: [10, 16],
  float64: [11, 64],
  uint32: [12, 32],
  uint64: [13, 64],
  complex64: [14, 64],
  complex128: [15, 128],
  bfloat16: [16, 16],
  float8e4m3fn: [17, 8],
  float8e4m3fnuz: [18, 8],
  float8e5m2: [19, 8],
  float8e5m2fnuz: [20, 8],
  uint4: [21, 4],
  int4: [22, 4],
  float4e2m1: [23, 4],
} as const

export type ElementType = keyof typeof TYPES

/** All element types, in the order of their numbers. */
export const ELEMENT_TYPES = Object.keys(TYPES) as readonly ElementType[]

const BY_NUMBER = new Map<number, ElementType>(
  ELEMENT_TYPES.map((type) => [elementTypeNumber(type), type]),
)

/** The number that ONNX gives a type. */
export function elementTypeNumber(type: ElementType): number {
  return TYPES[type][0]
}

/** The type of a number, or undefined when it is none with a fixed size. */
export function elementTypeOf(number: number | undefined): ElementType | undefined {
  return number === undefined ? undefined : BY_NUMBER.get(number)
}

/** The type as one that may cross a cut, or undefined when it may not. */
export function asTensorType(type: ElementType | undefined): TensorType | undefined {
  return type !== undefined && type in TENSOR_TYPES ? (type as TensorType) : undefined
}

/** Bytes of `count` elements; types below one byte are packed without gaps. */
export function elementBytes(type: ElementType, count: number): number {
  return Math.ceil((TYPES[type][1] * count) / 8)
}
