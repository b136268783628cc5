/**
 * Tensors as the API sends them. Kept apart from their schema, so that clients load little.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import type { NamedTensorsJson } from './schemas/tensors.ts'

/** The JSON form of `tensors`. */
export function tensorsToJson(tensors: readonly Tensor[]): NamedTensorsJson {
  return Object.fromEntries(
    tensors.map(({ name, type, dims, data }) => [
      name,
      {
        type,
        dims: [...dims],
        data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
      },
    ]),
  )
}
