/**
 * The local inputs of one step of a decoder.
 *
 * @module
 */

import { tensorBytes, type Tensor, type TensorSpec } from '../../core/tensor.ts'
import { LAST_POSITIONS, ROWS, TOTAL_LENGTH } from './decoder-tensors.ts'

/** Tokens that come in behind those that were seen. */
export interface DecoderStep {
  readonly batch: number
  /** Tokens of each sequence that come in; at least two where bits shall not depend on it. */
  readonly tokens: number
  /** Positions that are filled before it, and all that the caches have room for. */
  readonly past: number
  /** Which of the tokens shall have logits. */
  readonly rows: readonly number[]
}

/**
 * The tensors for `specs`, the local inputs of a decoder or of one stage, in their order.
 *
 * Keys and values hold zeros: without a past they are empty, and so exact.
 */
export function stepInputs(specs: readonly TensorSpec[], step: DecoderStep): readonly Tensor[] {
  const { batch, tokens, past, rows } = step
  return specs.map(({ name, type, dims }) => {
    const sizes = dims.map((size) => {
      if (typeof size === 'number') return size
      return size === 'batch' ? batch : size === 'rows' ? rows.length : past
    })
    const data = new Uint8Array(tensorBytes(type, sizes))
    const view = new DataView(data.buffer)
    if (name === ROWS) for (const [at, row] of rows.entries()) view.setUint32(8 * at, row, true)
    else if (name === TOTAL_LENGTH) view.setInt32(0, past + tokens, true)
    else if (name === LAST_POSITIONS) {
      for (let at = 0; at < batch; at++) view.setInt32(4 * at, past + tokens - 1, true)
    }
    return { name, type, dims: sizes, data }
  })
}

/** All of a step's rows. */
export function allRows(tokens: number): readonly number[] {
  return Array.from({ length: tokens }, (_, row) => row)
}
