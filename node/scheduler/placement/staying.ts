/**
 * How likely the owner of a device wants it back before a job is over, from how long it usually stays.
 *
 * @module
 */

/** How likely a device stays available for so long, each in [0, 1]. */
export interface Staying {
  readonly for5min: number
  readonly for15min: number
  readonly for60min: number
}

const MINUTE_MS = 60_000

/** Shares come in quarters: of "never" it is only known that it is less than half a quarter. */
const SHARE_MIN = 1 / 8

/**
 * The chance, in [0, 1], that the device is wanted back within `durationMs`.
 *
 * Between two horizons, and beyond the last one, owners come back at an even rate.
 *
 * @example
 * ```ts
 * const staying = { for5min: 1, for15min: 0.5, for60min: 0.5 }
 * leaveChance(staying, 300_000) // => 0
 * leaveChance(staying, 900_000) // => 0.5
 * ```
 */
export function leaveChance(staying: Staying, durationMs: number): number {
  const horizons = [
    { atMs: 5 * MINUTE_MS, share: staying.for5min },
    { atMs: 15 * MINUTE_MS, share: staying.for15min },
    { atMs: 60 * MINUTE_MS, share: staying.for60min },
  ]
  let before = { atMs: 0, hazard: 0 }
  let perMs = 0
  for (const { atMs, share } of horizons) {
    // A device that stays for an hour has stayed for five minutes: what says otherwise was rounded.
    const hazard = Math.max(before.hazard, -Math.log(Math.max(SHARE_MIN, share)))
    perMs = (hazard - before.hazard) / (atMs - before.atMs)
    if (durationMs <= atMs) break
    before = { atMs, hazard }
  }
  return 1 - Math.exp(-(before.hazard + perMs * Math.max(0, durationMs - before.atMs)))
}
