/**
 * How large an input is beside the sample with which the costs of a model were measured.
 *
 * @module
 */

import { elementCount, type Tensor } from '../../../core/tensor.ts'
import type { Manifest } from '../../../models/index.ts'

/** How often the sample goes into `tensors`. */
export function inputScale(
  { samples }: Pick<Manifest, 'samples'>,
  tensors: readonly Pick<Tensor, 'dims'>[],
): number {
  const sample = samples.reduce((sum, { dims }) => sum + elementCount(dims), 0)
  const given = tensors.reduce((sum, { dims }) => sum + elementCount(dims), 0)
  return sample === 0 ? 1 : given / sample
}
