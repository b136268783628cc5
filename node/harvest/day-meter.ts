/**
 * How much of something that only grows was added since local midnight.
 *
 * @module
 */

export class DayMeter {
  readonly #total: () => number
  readonly #dayOf: () => string
  #day: string
  #base: number

  /** @param dayOf - Names the local day that it is now. */
  constructor(total: () => number, dayOf: () => string) {
    this.#total = total
    this.#dayOf = dayOf
    this.#day = dayOf()
    this.#base = total()
  }

  today(): number {
    const day = this.#dayOf()
    const total = this.#total()
    if (day !== this.#day) {
      this.#day = day
      this.#base = total
    }
    return total - this.#base
  }
}
