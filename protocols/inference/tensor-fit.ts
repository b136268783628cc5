/**
 * Whether tensors that another device sent are those that were to come.
 *
 * @module
 */

import type { Tensor, TensorType } from '../../core/tensor.ts'

/** What is certain of a tensor before it comes: sizes depend on the input, the rank does not. */
export interface ExpectedTensor {
  readonly name: string
  readonly type: TensorType
  readonly dims: readonly unknown[]
}

/** The first of `tensors` for each of `expected`, in that order; undefined when one is missing or of another type or rank. */
export function pickTensors(
  tensors: readonly Tensor[],
  expected: readonly ExpectedTensor[],
): readonly Tensor[] | undefined {
  const byName = new Map(tensors.toReversed().map((tensor) => [tensor.name, tensor]))
  const picked = expected.flatMap(({ name, type, dims }) => {
    const tensor = byName.get(name)
    return tensor?.type === type && tensor.dims.length === dims.length ? tensor : []
  })
  return picked.length === expected.length ? picked : undefined
}
