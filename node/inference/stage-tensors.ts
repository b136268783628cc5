/**
 * Which tensors of a cut a stage's graph takes, and which it sends on.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import type { StageDescription } from '../../models/index.ts'
import { pickTensors } from '../../protocols/inference/index.ts'
import { RuntimeError } from '../runtime/errors.ts'

/**
 * What the cut before this stage holds, of all that was sent: what only passes through is seen by
 * no executor, and must not be anything at all.
 *
 * @throws {RuntimeError} `RUNTIME_INPUT_INVALID` when one is missing, or of another type or rank.
 */
export function crossing(
  { receives }: StageDescription,
  sent: readonly Tensor[],
): readonly Tensor[] {
  const picked = pickTensors(sent, receives)
  if (picked !== undefined) return picked
  const wrong = receives.find((tensor) => pickTensors(sent, [tensor]) === undefined)
  throw new RuntimeError({
    code: 'RUNTIME_INPUT_INVALID',
    tensor: wrong?.name ?? '',
    detail: `expected ${wrong?.type} of rank ${wrong?.dims.length}`,
  })
}

/** Tensors for the next cut: what the graph made, and what only passes through. */
export function outgoing(
  description: StageDescription,
  received: readonly Tensor[],
  made: readonly Tensor[],
): readonly Tensor[] {
  return description.sends.flatMap(({ name }) => {
    const tensor =
      made.find((candidate) => candidate.name === name) ??
      received.find((candidate) => candidate.name === name)
    return tensor ?? []
  })
}

/** What the stage's graph takes of what was received. */
export function incoming(
  description: StageDescription,
  received: readonly Tensor[],
): readonly Tensor[] {
  return description.inputs.flatMap(
    ({ name }) => received.find((candidate) => candidate.name === name) ?? [],
  )
}
