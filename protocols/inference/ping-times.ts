/**
 * When the requester of a session pings, and when it looks in between: as soon as somebody has been
 * silent for too long.
 *
 * @module
 */

export class PingTimes {
  readonly #pingMs: number
  #pingAtMs = Infinity
  #wakeAtMs = Infinity

  /** @param pingMs - Between two pings, in milliseconds. */
  constructor(pingMs: number) {
    this.#pingMs = pingMs
  }

  /** The first ping is one interval from now. */
  start(nowMs: number): void {
    this.#pingAtMs = nowMs + this.#pingMs
    this.#wakeAtMs = this.#pingAtMs
  }

  /** When there is something to do if nothing comes before. */
  get wakeAtMs(): number {
    return this.#wakeAtMs
  }

  /** Pings are due, or a silence is; undefined before that. `sleptMs` is how much later than due it is. */
  woke(nowMs: number): { readonly sleptMs: number; readonly isPing: boolean } | undefined {
    if (nowMs < this.#wakeAtMs) return undefined
    const sleptMs = nowMs - this.#wakeAtMs
    const isPing = this.#wakeAtMs === this.#pingAtMs
    if (isPing) this.#pingAtMs = nowMs + this.#pingMs
    return { sleptMs, isPing }
  }

  /** At `silentAtMs` the first device will have been silent for too long, unless it is heard before. */
  sleep(silentAtMs: number): void {
    this.#wakeAtMs = Math.min(this.#pingAtMs, silentAtMs)
  }
}
