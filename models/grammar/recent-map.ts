/**
 * A map that keeps what was asked for last, and makes the rest again.
 *
 * @module
 */

/** At most `sizeMax` entries; the one that was not asked for the longest goes first. */
export class RecentMap<K, V> {
  readonly #sizeMax: number
  readonly #entries = new Map<K, V>()

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** The value of `key`; made where there is none. */
  get(key: K, make: () => V): V {
    const known = this.#entries.get(key)
    const value = known === undefined && !this.#entries.has(key) ? make() : (known as V)
    // A map hands out its entries in the order of insertion: this one is now the latest.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#sizeMax) this.#forgetOldest()
    return value
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key)
      return
    }
  }
}
