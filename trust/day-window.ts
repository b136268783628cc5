/**
 * Sums by day for many things at once, over the last {@link WINDOW_DAYS} days.
 *
 * A ring of days, each one array over all things: what an epoch changes is in one of them, and days without
 * anything take no memory.
 *
 * @module
 */

import { WINDOW_DAYS, WINDOW_Q16 } from './limits.ts'
import type { PackedWindow } from './packed.ts'

const SUM_MAX = 2 ** 32 - 1

export class DayWindow {
  readonly #days: (Uint32Array<ArrayBuffer> | undefined)[] = Array.from({ length: WINDOW_DAYS })
  /** Things that there is room for. */
  #room = 64
  #day = 0

  /** The latest day; only it and the one before it are written. */
  get day(): number {
    return this.#day
  }

  /** The same, to go on with on its own. */
  copy(): DayWindow {
    const copy = new DayWindow()
    for (const [slot, sums] of this.#days.entries()) copy.#days[slot] = sums?.slice()
    copy.#room = this.#room
    copy.#day = this.#day
    return copy
  }

  /** What the first `count` things hold, the days of one after those of the other, to be kept. */
  pack(count: number): PackedWindow {
    const sums = new Uint32Array(count * WINDOW_DAYS)
    for (const [slot, day] of this.#days.entries()) {
      if (day === undefined) continue
      for (let thing = 0; thing < count; thing++) {
        sums[thing * WINDOW_DAYS + slot] = day[thing] as number
      }
    }
    return { day: this.#day, sums }
  }

  /** The same again; undefined when it does not hold `count` things. */
  static unpack({ day, sums }: PackedWindow, count: number): DayWindow | undefined {
    if (sums.length !== count * WINDOW_DAYS) return undefined
    const window = new DayWindow()
    window.reserve(count)
    window.#day = day
    for (let thing = 0, at = 0; thing < count; thing++) {
      for (let slot = 0; slot < WINDOW_DAYS; slot++, at++) {
        const sum = sums[at] as number
        if (sum > 0) window.#sumsOf(slot)[thing] = sum
      }
    }
    return window
  }

  /** Makes room for the things up to `count`. */
  reserve(count: number): void {
    if (count <= this.#room) return
    this.#room = Math.max(count, 2 * this.#room)
    for (const [slot, sums] of this.#days.entries()) {
      if (sums === undefined) continue
      const grown = new Uint32Array(this.#room)
      grown.set(sums)
      this.#days[slot] = grown
    }
  }

  /** Begins `day`, when it is later: what is older than the window is forgotten. */
  open(day: number): void {
    const passed = Math.min(day - this.#day, WINDOW_DAYS)
    for (let step = 0; step < passed; step++) this.#days[(day - step) % WINDOW_DAYS] = undefined
    this.#day = Math.max(day, this.#day)
  }

  set(thing: number, day: number, sum: number): void {
    this.#sumsOf(day % WINDOW_DAYS)[thing] = sum
  }

  /** Adds one to the latest day, unless it is full. */
  increment(thing: number): void {
    const sums = this.#sumsOf(this.#day % WINDOW_DAYS)
    sums[thing] = Math.min((sums[thing] as number) + 1, SUM_MAX)
  }

  /** What all days of a thing are worth, by {@link WINDOW_Q16}: below 2^37. */
  weighted(thing: number): number {
    let sum = 0
    for (let age = 0; age < WINDOW_DAYS; age++) {
      const day = this.#day - age
      if (day < 0) break
      const sums = this.#days[day % WINDOW_DAYS]
      // At most 31 · 2^32 · 2^16: every partial sum is exact.
      if (sums !== undefined) sum += (sums[thing] as number) * (WINDOW_Q16[age] as number)
    }
    return Math.floor(sum / 65_536)
  }

  /** The sum of a thing over all days of the window, unweighted. */
  total(thing: number): number {
    let sum = 0
    for (const sums of this.#days) if (sums !== undefined) sum += sums[thing] as number
    return sum
  }

  /** The sum of a thing over the latest two days, unweighted. */
  recent(thing: number): number {
    const today = this.#days[this.#day % WINDOW_DAYS]?.[thing] ?? 0
    if (this.#day === 0) return today
    return today + (this.#days[(this.#day - 1) % WINDOW_DAYS]?.[thing] ?? 0)
  }

  /** Adds the days of one thing to those of another. */
  add(from: number, to: number): void {
    for (const sums of this.#days) {
      if (sums === undefined) continue
      sums[to] = Math.min((sums[to] as number) + (sums[from] as number), SUM_MAX)
    }
  }

  /** Moves a thing to another place, when things before it are given up. */
  move(from: number, to: number): void {
    for (const sums of this.#days) if (sums !== undefined) sums[to] = sums[from] as number
  }

  /** Forgets everything from `thing` on. */
  truncate(thing: number): void {
    for (const sums of this.#days) sums?.fill(0, thing)
  }

  #sumsOf(slot: number): Uint32Array {
    return (this.#days[slot] ??= new Uint32Array(this.#room))
  }
}
