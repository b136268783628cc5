/**
 * The mean of rows that come in runs.
 *
 * They are added one by one, as doubles: how they are divided into runs changes no bit.
 *
 * @module
 */

export class MeanRow {
  #sums = new Float64Array(0)
  #rows = 0

  /**
   * Adds rows of `width` numbers, of which the first is row `position`. From row 0 on it begins anew.
   *
   * @throws {Error} when there is a gap, or rows come twice.
   */
  add(position: number, rows: Float32Array, width: number): void {
    if (position === 0) {
      this.#sums = new Float64Array(width)
      this.#rows = 0
    }
    if (position !== this.#rows || width !== this.#sums.length) {
      throw new Error(`expected row ${this.#rows} to be next, got ${position}`)
    }
    const sums = this.#sums
    for (const [at, value] of rows.entries()) {
      sums[at % width] = (sums[at % width] as number) + value
    }
    this.#rows += rows.length / width
  }

  get value(): Float32Array {
    const rows = this.#rows
    return Float32Array.from(this.#sums, (sum) => sum / rows)
  }
}
