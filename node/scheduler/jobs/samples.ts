/**
 * The latest samples of a quantity, for medians that people read.
 *
 * @module
 */

/** Samples that are kept: enough for a steady median, few enough for any number of stages. */
const KEPT_MAX = 512

export class Samples {
  readonly #values: number[] = []
  #count = 0

  add(value: number): void {
    this.#values[this.#count % KEPT_MAX] = value
    this.#count++
  }

  /** All that were ever added. */
  get count(): number {
    return this.#count
  }

  /** The value below which the share `rank` of the kept samples lies; undefined without any. */
  quantile(rank: number): number | undefined {
    const sorted = this.#values.toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(rank * sorted.length))]
  }
}
