/**
 * What a step message says of the texts that it adds rows to, and the rows of all of them.
 *
 * The vector has, one text after another: slot, position, drawFrom, how many rows, the token of each.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { TextRows } from '../../protocols/inference/index.ts'
import type { TextStep } from './executor-spec.ts'
import { STEP_INDEX, type WireTensor } from './executor-wire.ts'

/** An answer's tensors are counted through by text: text i begins at index i times this. */
export const STEP_OUTPUTS = 256

/** The vector that says what is added to which texts. */
export function stepCommand(steps: readonly TextStep[]): WireTensor {
  const numbers = Int32Array.from(
    steps.flatMap(({ slot, rows: { position, drawFrom, tokens } }) => [
      slot,
      position,
      drawFrom,
      tokens.length,
      ...tokens,
    ]),
  )
  const data = new Uint8Array(numbers.buffer)
  return { index: STEP_INDEX, type: 'int32', dims: [numbers.length], data }
}

/** @throws {Error} when it is cut short. */
export function readSteps(
  numbers: Int32Array,
): readonly { readonly slot: number; readonly rows: TextRows }[] {
  const steps: { readonly slot: number; readonly rows: TextRows }[] = []
  for (let at = 0; at < numbers.length;) {
    const [slot = 0, position = 0, drawFrom = 0, count = 0] = numbers.subarray(at, at + 4)
    const tokens = [...numbers.subarray(at + 4, at + 4 + count)]
    if (count < 1 || tokens.length < count) throw new Error('expected rows of a text')
    steps.push({ slot: slot >>> 0, rows: { position, drawFrom, tokens } })
    at += 4 + count
  }
  return steps
}

/** Which tensor has other rows than its text or another form than those of the first text, or undefined. */
export function unfitStep(
  steps: readonly TextStep[],
): { readonly tensor: string; readonly detail: string } | undefined {
  for (const { rows, tensors } of steps) {
    const { length } = rows.tokens
    for (const [index, { name, dims }] of tensors.entries()) {
      // Rows too many here would be taken for those of the next text.
      if (dims[0] !== 1 || dims[1] !== length) {
        return { tensor: name, detail: `expected [1,${length},…], got [${dims.join()}]` }
      }
      const first = steps[0]?.tensors[index]
      if (first?.name !== name || first.dims.slice(2).join() !== dims.slice(2).join()) {
        return { tensor: name, detail: 'expected rows of one form in all texts' }
      }
    }
  }
  return undefined
}

/** What crosses the cut: the rows [1, rows, …] of all texts, one text after another. */
export function joinedSteps(steps: readonly TextStep[]): readonly Tensor[] {
  const [first, ...others] = steps
  if (first === undefined || others.length === 0) return first?.tensors ?? []
  return first.tensors.map((tensor, index) => {
    const pieces = steps.flatMap(({ tensors }) => tensors[index] ?? [])
    const [batch = 1, , ...rest] = tensor.dims
    const rows = pieces.reduce((sum, { dims }) => sum + (dims[1] ?? 0), 0)
    const data = concatBytes(pieces.map((piece) => piece.data))
    return { ...tensor, dims: [batch, rows, ...rest], data }
  })
}
