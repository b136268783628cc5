/**
 * The order in which the steps of a text may run at one stage.
 *
 * Keys and values are a state: a step may only be added where the text ends, or before, which
 * forgets what was behind. Requests rise; a number that comes again is a repetition, whatever it
 * holds. Whoever sends on a new way sends all again, in order, so that a gap means that something
 * was lost for good.
 *
 * @module
 */

import type { CopyPoint } from './cache-rows.ts'
import type { TextRows } from './text-rows.ts'

export class TextOrder {
  readonly #positionsMax: number
  #length = 0
  #last = -1
  #latest: CopyPoint | undefined

  /** @param positionsMax - Tokens that the session has room for. */
  constructor(positionsMax: number) {
    this.#positionsMax = positionsMax
  }

  /** Rows that are in the text once all that was admitted has run. */
  get length(): number {
    return this.#length
  }

  /** The step that was admitted last, or is the next one after a copy; undefined before any. */
  get latest(): CopyPoint | undefined {
    return this.#latest
  }

  /** The rows before `point` were copied here: it goes on from there. */
  resume(point: CopyPoint): void {
    this.#length = point.position
    this.#last = point.request - 1
    this.#latest = point
  }

  /** Whether a step runs now, was here before, leaves a gap, or does not fit at all. */
  admit(request: number, rows: TextRows): 'run' | 'repeated' | 'gap' | 'too-long' {
    const end = rows.position + rows.tokens.length
    if (end > this.#positionsMax) return 'too-long'
    if (request <= this.#last) return 'repeated'
    if (rows.position > this.#length) return 'gap'
    this.#last = request
    this.#latest = { request, position: rows.position }
    this.#length = end
    return 'run'
  }
}
