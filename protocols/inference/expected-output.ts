/**
 * What was to come, of what the last stage sent.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import type { RequesterInit } from './requester-types.ts'
import { pickTensors } from './tensor-fit.ts'
import { drawnOf, embeddingOf, mayBeDrawn, rowsOf } from './text-rows.ts'

/** The outputs of a model, or what was drawn behind a step; undefined when it is anything else. */
export function expectedOutput(
  { open, outputs }: Pick<RequesterInit, 'open' | 'outputs'>,
  sent: readonly Tensor[],
  asked: readonly Tensor[],
): readonly Tensor[] | undefined {
  if (open.text === undefined) return pickTensors(sent, outputs ?? sent)
  const drawn = drawnOf(sent)
  const rows = rowsOf(asked)
  if (drawn === undefined || rows === undefined || !mayBeDrawn(rows, drawn)) return undefined
  const isWhole = open.text.gives === 'tokens' || drawn.length === 0 || embeddingOf(sent)
  return isWhole ? sent : undefined
}
