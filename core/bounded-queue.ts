/**
 * A first-in, first-out queue with a limit, because every queue fed by others needs one.
 *
 * @module
 */

import { invariant } from './invariant.ts'

export class BoundedQueue<Item> {
  readonly #lengthMax: number
  readonly #slots: (Item | undefined)[]
  #head = 0
  #length = 0

  /** @param lengthMax - Items that fit, at least 1. */
  constructor(lengthMax: number) {
    invariant(Number.isSafeInteger(lengthMax) && lengthMax >= 1, 'a queue holds at least one item')
    this.#lengthMax = lengthMax
    this.#slots = []
  }

  get length(): number {
    return this.#length
  }

  /** Adds `item` at the end; false, and nothing changed, when the queue is full. */
  push(item: Item): boolean {
    if (this.#length === this.#lengthMax) return false
    this.#slots[(this.#head + this.#length) % this.#lengthMax] = item
    this.#length++
    return true
  }

  /** Takes the oldest item; undefined when there is none. */
  shift(): Item | undefined {
    if (this.#length === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#lengthMax
    this.#length--
    return item
  }
}
