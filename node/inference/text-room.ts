/**
 * What one row of a text takes at a stage.
 *
 * @module
 */

import { tensorBytes } from '../../core/tensor.ts'
import type { StageDescription } from '../../models/index.ts'
import type { Executor } from '../runtime/executor-spec.ts'
import { roomRows } from '../runtime/text-cache.ts'
import { textGraphOf } from '../runtime/text-graph.ts'

export interface TextRoom {
  /** True when the stage runs steps of texts only. */
  readonly textsOnly: boolean
  /** True at the stage that draws tokens. */
  readonly draws: boolean
  /** Bytes of its keys and values. */
  readonly keptRowBytes: number
  /** Bytes that the journal keeps of it. */
  readonly sentRowBytes: number
}

/** Rows of a step that has a token and guesses behind it; room for so many is made ahead. */
export const STEP_ROWS_MAX = 8

/** Bytes that a text of `rows` rows takes, with room for its next step; of `positionsMax` at most. */
export function textBytes(
  { keptRowBytes, sentRowBytes }: TextRoom,
  rows: number,
  positionsMax: number,
): number {
  const room = roomRows(Math.min(rows + STEP_ROWS_MAX, positionsMax + 1))
  return room * (keptRowBytes + sentRowBytes)
}

/** Bytes of the first `rows` rows of a text that has ended. */
export function keptBytes({ keptRowBytes, sentRowBytes, draws }: TextRoom, rows: number): number {
  return rows * (keptRowBytes + (draws ? 0 : sentRowBytes))
}

/** Bytes of a drawn token, with all that may be asked for beside it. */
const DRAWN_BYTES = 256

/** Of the stage with these tensors, whose model may be one that says nothing. */
export function textRoom(
  { inputs, outputs }: Pick<Executor, 'inputs' | 'outputs'>,
  { sends, local }: Pick<StageDescription, 'sends' | 'local'>,
): TextRoom {
  const graph = textGraphOf(inputs, outputs)
  const kept = graph.cached.reduce((sum, { heads, headSize }) => sum + 4 * heads * headSize, 0)
  const sent = sends.reduce(
    (sum, { type, dims }) => sum + tensorBytes(type, [...dims.slice(0, 1), ...dims.slice(2)]),
    0,
  )
  return {
    // Not by the names of its inputs: where a decoder that runs in one pass is cut, a tensor of such a
    // name may arrive from the stage before.
    textsOnly: local.inputs.length > 0,
    draws: graph.draws,
    keptRowBytes: kept,
    sentRowBytes: graph.draws ? DRAWN_BYTES : sent,
  }
}
