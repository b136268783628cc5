/**
 * What the requester of a text keeps of it: all that a new first stage has to be fed.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import { rowsOf } from './text-rows.ts'

export class TextInputs {
  readonly #inputs = new Map<number, readonly Tensor[]>()

  /** Keeps an input, and forgets those of rows that it goes back behind. */
  keep(request: number, tensors: readonly Tensor[]): void {
    const position = rowsOf(tensors)?.position ?? 0
    for (const [before, kept] of this.#inputs) {
      if ((rowsOf(kept)?.position ?? 0) >= position) this.#inputs.delete(before)
    }
    this.#inputs.set(request, tensors)
  }

  /** Rows of the text. */
  get rows(): number {
    const [, latest = []] = this.all.at(-1) ?? []
    const rows = rowsOf(latest)
    return rows === undefined ? 0 : rows.position + rows.tokens.length
  }

  /** What still counts, in the order of the requests. */
  get all(): readonly (readonly [request: number, tensors: readonly Tensor[]])[] {
    return [...this.#inputs]
  }
}
