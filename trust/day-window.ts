/**
 * Sums by day for many things at once, over the last {@link WINDOW_DAYS} days.
 *
 * One ring of days for each thing, in one typed array.
 *
 * @module
 */

import { WINDOW_DAYS, WINDOW_Q16 } from './limits.ts'
import type { PackedWindow } from './packed.ts'

const SUM_MAX = 2 ** 32 - 1

export class DayWindow {
  #sums = new Uint32Array(64 * WINDOW_DAYS)
  #day = 0

  /** The latest day; only it and the one before it are written. */
  get day(): number {
    return this.#day
  }

  /** The same, to go on with on its own. */
  copy(): DayWindow {
    const copy = new DayWindow()
    copy.#sums = this.#sums.slice()
    copy.#day = this.#day
    return copy
  }

  /** What the first `count` things hold, to be kept. */
  pack(count: number): PackedWindow {
    return { day: this.#day, sums: this.#sums.slice(0, count * WINDOW_DAYS) }
  }

  /** The same again; undefined when it does not hold `count` things. */
  static unpack({ day, sums }: PackedWindow, count: number): DayWindow | undefined {
    if (sums.length !== count * WINDOW_DAYS) return undefined
    const window = new DayWindow()
    window.reserve(count)
    window.#sums.set(sums)
    window.#day = day
    return window
  }

  /** Makes room for the things up to `count`. */
  reserve(count: number): void {
    if (count * WINDOW_DAYS <= this.#sums.length) return
    const grown = new Uint32Array(Math.max(count * WINDOW_DAYS, 2 * this.#sums.length))
    grown.set(this.#sums)
    this.#sums = grown
  }

  /** Begins `day`, when it is later: what is older than the window is forgotten. */
  open(day: number): void {
    const passed = Math.min(day - this.#day, WINDOW_DAYS)
    for (let step = 0; step < passed; step++) this.#clear((day - step) % WINDOW_DAYS)
    this.#day = Math.max(day, this.#day)
  }

  set(thing: number, day: number, sum: number): void {
    this.#sums[thing * WINDOW_DAYS + (day % WINDOW_DAYS)] = sum
  }

  /** Adds one to the latest day, unless it is full. */
  increment(thing: number): void {
    const at = thing * WINDOW_DAYS + (this.#day % WINDOW_DAYS)
    this.#sums[at] = Math.min((this.#sums[at] as number) + 1, SUM_MAX)
  }

  /** What all days of a thing are worth, by {@link WINDOW_Q16}: below 2^37. */
  weighted(thing: number): number {
    const start = thing * WINDOW_DAYS
    let sum = 0
    for (let age = 0; age < WINDOW_DAYS; age++) {
      const day = this.#day - age
      if (day < 0) break
      // At most 31 · 2^32 · 2^16: every partial sum is exact.
      sum += (this.#sums[start + (day % WINDOW_DAYS)] as number) * (WINDOW_Q16[age] as number)
    }
    return Math.floor(sum / 65_536)
  }

  /** The sum of a thing over all days of the window, unweighted. */
  total(thing: number): number {
    const start = thing * WINDOW_DAYS
    let sum = 0
    for (let at = start; at < start + WINDOW_DAYS; at++) sum += this.#sums[at] as number
    return sum
  }

  /** The sum of a thing over the latest two days, unweighted. */
  recent(thing: number): number {
    const start = thing * WINDOW_DAYS
    const yesterday = this.#day === 0 ? 0 : this.#sums[start + ((this.#day - 1) % WINDOW_DAYS)]
    return (this.#sums[start + (this.#day % WINDOW_DAYS)] as number) + (yesterday as number)
  }

  /** Adds the days of one thing to those of another. */
  add(from: number, to: number): void {
    for (let slot = 0; slot < WINDOW_DAYS; slot++) {
      const at = to * WINDOW_DAYS + slot
      const sum = (this.#sums[at] as number) + (this.#sums[from * WINDOW_DAYS + slot] as number)
      this.#sums[at] = Math.min(sum, SUM_MAX)
    }
  }

  /** Moves a thing to another place, when things before it are given up. */
  move(from: number, to: number): void {
    const start = from * WINDOW_DAYS
    this.#sums.copyWithin(to * WINDOW_DAYS, start, start + WINDOW_DAYS)
  }

  /** Forgets everything from `thing` on. */
  truncate(thing: number): void {
    this.#sums.fill(0, thing * WINDOW_DAYS)
  }

  #clear(slot: number): void {
    for (let at = slot; at < this.#sums.length; at += WINDOW_DAYS) this.#sums[at] = 0
  }
}
