/**
 * A map with a limit: what was not used for longest is given up first.
 *
 * @module
 */

import { invariant } from './invariant.ts'

export class RecentCache<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #countMax: number

  /** @param countMax - How many entries are kept, at least one. */
  constructor(countMax: number) {
    invariant(countMax >= 1, 'a cache keeps something')
    this.#countMax = countMax
  }

  get size(): number {
    return this.#entries.size
  }

  /** The value of `key`, which becomes the most recently used; undefined when it is not kept. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#countMax) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
