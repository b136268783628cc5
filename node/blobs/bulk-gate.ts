/**
 * How fast this device serves blobs to others: a share of what its uplink can do.
 *
 * The rate of the uplink is the best at which the system took a chunk lately, so that a fast local
 * network is not held back by what a slow one could do. Nothing at all is served at level 0.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'

/** Shorter waits than this are owed until they add up: timers are no finer, in ms. */
const WAIT_MS_MIN = 20

/** Longest wait for one chunk, so that whoever fetches it does not take us for silent, in ms. */
const WAIT_MS_MAX = 10_000

/** What is left of the best rate after each chunk: another network is learned within some hundred. */
const RATE_KEPT = 0.99

export class BulkGate {
  readonly #clock: Clock
  #level = 1
  /** Best rate lately, in bytes a ms; 0 before anything was sent. */
  #bytesPerMs = 0
  /** When all that was let through would have been sent at the rate that is allowed. */
  #clearMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param level - Share of the uplink in [0, 1]; 1 is no limit. */
  set(level: number): void {
    this.#level = level
  }

  /** False while nothing may be served. */
  get open(): boolean {
    return this.#level > 0
  }

  /** Resolves when `bytes` may be sent. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#level >= 1 || this.#bytesPerMs === 0) return
    const nowMs = this.#clock.monotonicMs()
    const waitMs = Math.min(this.#clearMs - nowMs, WAIT_MS_MAX)
    const tookMs = bytes / (this.#bytesPerMs * Math.max(this.#level, 0.01))
    this.#clearMs = Math.max(this.#clearMs, nowMs) + tookMs
    if (waitMs >= WAIT_MS_MIN) await this.#clock.sleep(waitMs, signal)
  }

  /** The system took `bytes` within `tookMs`. */
  sent(bytes: number, tookMs: number): void {
    this.#bytesPerMs = Math.max(bytes / Math.max(tookMs, 0.01), RATE_KEPT * this.#bytesPerMs)
  }
}
