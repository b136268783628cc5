/**
 * A condition that must hold for a while before it counts, and be gone for a while before it ends.
 *
 * Short spikes wear off twice as fast as they add up, so that noise around a
 * threshold neither triggers nor starts the count anew each time.
 *
 * @module
 */

export interface Latch {
  readonly on: boolean
  /** When it went on or off, on the monotonic clock. */
  readonly sinceMs: number
  /** How long the opposite of `on` has been wanted by now. */
  readonly wantedMs: number
}

export const LATCH_OFF: Latch = { on: false, sinceMs: Number.NEGATIVE_INFINITY, wantedMs: 0 }

export interface LatchTick {
  readonly nowMs: number
  readonly elapsedMs: number
  /** True when the condition holds. */
  readonly raise: boolean
  /** True when it is surely gone; both are false between two thresholds. */
  readonly clear: boolean
}

export interface LatchTimes {
  readonly raiseMs: number
  readonly clearMs: number
  /** Shortest time on. */
  readonly dwellMs: number
}

/** The latch one tick later. */
export function stepLatch(latch: Latch, tick: LatchTick, times: LatchTimes): Latch {
  const { nowMs, elapsedMs, raise, clear } = tick
  if (!latch.on) {
    const wantedMs = raise
      ? latch.wantedMs + elapsedMs
      : Math.max(0, latch.wantedMs - 2 * elapsedMs)
    if (raise && wantedMs >= times.raiseMs) return { on: true, sinceMs: nowMs, wantedMs: 0 }
    return wantedMs === latch.wantedMs ? latch : { ...latch, wantedMs }
  }
  if (!clear) return latch.wantedMs === 0 ? latch : { ...latch, wantedMs: 0 }
  const wantedMs = latch.wantedMs + elapsedMs
  const over = wantedMs >= times.clearMs && nowMs - latch.sinceMs >= times.dwellMs
  return over ? { on: false, sinceMs: nowMs, wantedMs: 0 } : { ...latch, wantedMs }
}

/** When a latch that is on goes off at the earliest, if its cause stays gone. */
export function latchEndMs(latch: Latch, nowMs: number, times: LatchTimes): number {
  return Math.max(nowMs + times.clearMs - latch.wantedMs, latch.sinceMs + times.dwellMs)
}
