/**
 * What the requester of a text keeps of it: all that a new first stage has to be fed.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import { RowStarts } from './row-starts.ts'
import { rowsOf } from './text-rows.ts'

export class TextInputs {
  readonly #inputs = new Map<number, readonly Tensor[]>()
  readonly #starts = new RowStarts()
  #rows = 0

  /** Keeps an input, and forgets those of rows that it goes back behind. */
  keep(request: number, tensors: readonly Tensor[]): void {
    const rows = rowsOf(tensors)
    const position = rows?.position ?? 0
    for (const before of this.#starts.takeFrom(position)) this.#inputs.delete(before)
    this.#starts.add(request, position)
    this.#inputs.set(request, tensors)
    this.#rows = rows === undefined ? 0 : position + rows.tokens.length
  }

  /** Rows of the text. */
  get rows(): number {
    return this.#rows
  }

  /** What still counts, in the order of the requests. */
  get all(): readonly (readonly [request: number, tensors: readonly Tensor[]])[] {
    return [...this.#inputs]
  }
}
