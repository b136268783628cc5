/**
 * Tells from two clocks that the device slept, or that somebody set the time.
 *
 * The monotonic clock of Linux stands still during sleep, the wall clock does not.
 *
 * @module
 */

import type { Sample } from '../signals.ts'

export interface Clocks {
  readonly nowMs: number
  readonly wallMs: number
}

/** Difference of the two clocks beyond what time services correct by and by, in ms. */
const JUMP_MS = 30_000

export function jumped(before: Clocks | undefined, { nowMs, wallMs }: Sample): boolean {
  if (before === undefined) return false
  return Math.abs(wallMs - before.wallMs - (nowMs - before.nowMs)) > JUMP_MS
}

const MINUTE_MS = 60_000
const WEEK_MINUTES = 10_080
/** 1970-01-01 was a Thursday: the fourth day of a week that begins on Monday. */
const EPOCH_MINUTE_OF_WEEK = 3 * 1_440

/**
 * Minutes since Monday, 00:00, local time.
 *
 * @example
 * ```ts
 * minuteOfWeek(Date.UTC(2026, 0, 5, 1, 30), 60) // => 150
 * ```
 */
export function minuteOfWeek(wallMs: number, zoneMinutes: number): number {
  const minutes = Math.floor(wallMs / MINUTE_MS) + zoneMinutes + EPOCH_MINUTE_OF_WEEK
  return ((minutes % WEEK_MINUTES) + WEEK_MINUTES) % WEEK_MINUTES
}
