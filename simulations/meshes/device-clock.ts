/**
 * The clock of one device: it drifts, it is set, and the part that only measures begins anew with each start.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { SimClock } from '../sim-clock.ts'
import type { SimDevice } from '../sim-device.ts'

/** Wall time at which simulations begin, in ms since 1970. */
export const BEGIN_WALL_MS = 1_800_000_000_000

/** What a device takes for the time, over all its starts. */
export class DeviceTime {
  readonly #clock: SimClock
  /** By how much its clock is quick, in millionths. */
  readonly #driftPpm: number
  #offMs = 0
  /** When it was last right, on the clock of the simulation. */
  #sinceMs = 0

  constructor(clock: SimClock, driftPpm: number) {
    this.#clock = clock
    this.#driftPpm = driftPpm
  }

  /** Milliseconds of this device in one of the simulation. */
  get rate(): number {
    return 1 + this.#driftPpm / 1e6
  }

  wallMs(): number {
    const { nowMs } = this.#clock
    const driftedMs = ((nowMs - this.#sinceMs) * this.#driftPpm) / 1e6
    return Math.floor(BEGIN_WALL_MS + nowMs + driftedMs + this.#offMs)
  }

  /** Somebody sets it: by so much beside the truth. */
  set(offMs: number): void {
    this.#offMs = offMs
    this.#sinceMs = this.#clock.nowMs
  }
}

/** The same, as one start of the device has it. */
export class DeviceClock implements Clock {
  readonly #clock: SimClock
  readonly #time: DeviceTime
  readonly #life: SimDevice
  readonly #startMs: number

  constructor(clock: SimClock, time: DeviceTime, life: SimDevice) {
    this.#clock = clock
    this.#time = time
    this.#life = life
    this.#startMs = clock.nowMs
  }

  monotonicMs(): number {
    return (this.#clock.nowMs - this.#startMs) * this.#time.rate
  }

  wallMs(): number {
    return this.#time.wallMs()
  }

  /** Whole milliseconds, at least one, as timers of Node have them. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0 || signal.aborted) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => {
      signal.removeEventListener('abort', wake)
      resolve()
    }
    signal.addEventListener('abort', wake, { once: true })
    this.#life.after(Math.max(1, Math.ceil(ms)) / this.#time.rate, 'timer', wake)
    return promise
  }
}
