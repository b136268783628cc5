/**
 * Tensors in JSON: a type, dimensions and little-endian bytes in base64.
 *
 * @module
 */

import { z } from 'zod'
import { TENSOR_RANK_MAX, TENSOR_TYPES, type Tensor, tensorBytes } from '../../../core/tensor.ts'
import type { TensorType } from '../../../core/tensor.ts'
import { INPUT_TENSORS_MAX } from './limits.ts'

const tensorType = z.enum(Object.keys(TENSOR_TYPES) as [TensorType, ...TensorType[]])

export const tensorSchema = z.strictObject({
  type: tensorType,
  dims: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 31 - 1),
    )
    .max(TENSOR_RANK_MAX),
  data: z.string().describe('base64 of the elements, row by row, little endian'),
})

/** Tensors by their name. */
export const namedTensorsSchema = z
  .record(z.string().min(1).max(256), tensorSchema)
  .refine(
    (tensors) => Object.keys(tensors).length <= INPUT_TENSORS_MAX,
    `expected at most ${INPUT_TENSORS_MAX} tensors`,
  )

export type NamedTensorsJson = z.infer<typeof namedTensorsSchema>

/**
 * The tensors that `json` stands for, or why it stands for none.
 *
 * @example
 * ```ts
 * tensorsFromJson({ x: { type: 'uint8', dims: [2], data: 'AQI=' } }) // => [{ name: 'x', type: 'uint8', dims: [2], data: Uint8Array [1, 2] }]
 * ```
 */
export function tensorsFromJson(json: NamedTensorsJson): readonly Tensor[] | string {
  const tensors: Tensor[] = []
  for (const [name, { type, dims, data: text }] of Object.entries(json)) {
    const expected = tensorBytes(type, dims)
    // Checked on the length first, so that no lie about dims makes us decode or allocate.
    if (text.length !== 4 * Math.ceil(expected / 3)) {
      return `${name}: expected base64 of ${expected} bytes, got ${text.length} characters`
    }
    const data = new Uint8Array(Buffer.from(text, 'base64'))
    if (data.length !== expected) {
      return `${name}: expected base64 of ${expected} bytes, got ${data.length} bytes`
    }
    tensors.push({ name, type, dims, data })
  }
  return tensors
}
