/**
 * How much others may compute here: the part of its processors that this device's owner lends.
 *
 * At a level of 1 nothing is held. Below, fewer runs go at once, and with less than one processor
 * each run is followed by a rest: work stands still between two runs, never in the middle of one,
 * so that it costs no more than the level says and stops when the level falls.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'

/** Longest rest before the level is looked at again, in ms. */
const SLICE_MS = 50

/** Rows of one run at a level of 1, and the fewest at any other. */
const ROWS_MAX = 256
const ROWS_MIN = 16

/** What is counted of a run. */
export interface Computed {
  readonly computeUs: number
  /** Its part of that, where others were run with it. */
  readonly ownUs?: number
}

export class RunGate {
  readonly #clock: Clock
  readonly #processors: number
  #level = 1
  /** When each run that may go at once may go again, on the monotonic clock; Infinity while it goes. */
  #slots: number[] = []
  readonly #waiting: (() => void)[] = []
  #running = 0
  /** Of the rest that is waited for; undefined while nobody waits. An abort is dear, and comes with each run. */
  #timer: AbortController | undefined

  /** @param processors - What a level of 1 means: how many runs compute at once. */
  constructor(clock: Clock, processors: number) {
    this.#clock = clock
    this.#processors = Math.max(1, processors)
  }

  /** From 0, nothing runs, to 1, nothing is held. */
  get level(): number {
    return this.#level
  }

  /** Runs that go now. */
  get running(): number {
    return this.#running
  }

  /** Rows that one run may have: a shorter one leaves the processor sooner. */
  get rowsMax(): number {
    return this.#level >= 1 ? ROWS_MAX : Math.max(ROWS_MIN, Math.round(ROWS_MAX * this.#level))
  }

  /** Sets the level; runs that go now go to their end. */
  set(level: number): void {
    if (level === this.#level) return
    this.#level = Math.min(1, Math.max(0, level))
    const count = Math.max(1, Math.floor(this.#level * this.#processors))
    this.#slots = Array.from({ length: count }, () => 0)
    this.#pump()
  }

  /**
   * Does `run` when its turn has come; runs of one caller keep their order.
   *
   * @throws the reason of `signal` when it aborts before that, and what `run` throws.
   */
  async pass<T extends Computed>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const free = this.#level >= 1 && this.#waiting.length === 0
    const slot = free ? undefined : await this.#turn(signal)
    this.#running++
    let computeUs = 0
    try {
      const ran = await run()
      computeUs = ran.ownUs ?? ran.computeUs
      return ran
    } finally {
      this.#running--
      this.#rest(slot, computeUs / 1000)
    }
  }

  async #turn(signal: AbortSignal): Promise<number[] | undefined> {
    signal.throwIfAborted()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    const leave = (): void => {
      const at = this.#waiting.indexOf(resolve)
      if (at !== -1) this.#waiting.splice(at, 1)
      resolve()
    }
    signal.addEventListener('abort', leave, { once: true })
    this.#pump()
    await promise
    signal.removeEventListener('abort', leave)
    signal.throwIfAborted()
    return this.#level >= 1 ? undefined : this.#slots
  }

  /** Gives a slot back, after a rest that makes up for the time it was used. */
  #rest(slots: number[] | undefined, computeMs: number): void {
    const at = slots?.indexOf(Number.POSITIVE_INFINITY) ?? -1
    // The level has changed meanwhile: its slots are others.
    if (slots !== undefined && slots === this.#slots && at !== -1) {
      const duty = Math.min(1, (this.#level * this.#processors) / slots.length)
      slots[at] = this.#clock.monotonicMs() + computeMs * (1 / duty - 1)
    }
    this.#pump()
  }

  #pump(): void {
    this.#timer?.abort()
    this.#timer = undefined
    if (this.#level >= 1) {
      for (const go of this.#waiting.splice(0)) go()
      return
    }
    if (this.#level <= 0) return
    const nowMs = this.#clock.monotonicMs()
    while (this.#waiting.length > 0) {
      const at = this.#slots.findIndex((freeAtMs) => freeAtMs <= nowMs)
      if (at === -1) break
      this.#slots[at] = Number.POSITIVE_INFINITY
      this.#waiting.shift()?.()
    }
    const nextMs = Math.min(...this.#slots) - nowMs
    if (this.#waiting.length > 0 && Number.isFinite(nextMs)) void this.#pumpIn(nextMs)
  }

  async #pumpIn(ms: number): Promise<void> {
    const timer = new AbortController()
    this.#timer = timer
    await this.#clock.sleep(Math.min(ms, SLICE_MS), timer.signal)
    if (timer !== this.#timer) return
    this.#timer = undefined
    this.#pump()
  }
}
