/**
 * What the runs of a stage's test took, as far as they tell what a token will.
 *
 * @module
 */

/** Rows of a run that reads the weights once for all of them. */
const CHUNK_ROWS_MIN = 16

export class ProbeTimes {
  #stepUs = Number.POSITIVE_INFINITY
  #pairUs = Number.POSITIVE_INFINITY
  #chunkUs: number

  /** @param chunkUs - What a row in a run of many took before; it is as it was. */
  constructor(chunkUs = Number.POSITIVE_INFINITY) {
    this.#chunkUs = chunkUs
  }

  /** A run of `rows`, and of `beside` rows of another text, took so long. */
  note(rows: number, beside: number, us: number): void {
    if (rows >= CHUNK_ROWS_MIN && beside === 0) this.#chunkUs = Math.min(this.#chunkUs, us / rows)
    if (rows !== 1) return
    // What else the machine does only ever adds to a time.
    if (beside === 0) this.#stepUs = Math.min(this.#stepUs, us)
    if (beside === 1) this.#pairUs = Math.min(this.#pairUs, us)
  }

  /** One row alone; 0 before any. */
  get stepUs(): number {
    return Number.isFinite(this.#stepUs) ? this.#stepUs : 0
  }

  /** What a row takes in a run of many; undefined before any. */
  get chunkUs(): number | undefined {
    return Number.isFinite(this.#chunkUs) ? Math.round(this.#chunkUs) : undefined
  }

  /** What a row of another text adds; undefined where none was beside. */
  get besideUs(): number | undefined {
    return Number.isFinite(this.#pairUs) ? Math.max(0, this.#pairUs - this.stepUs) : undefined
  }
}
