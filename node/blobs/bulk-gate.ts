/**
 * How fast this device serves others: blobs, and what stages made, in a share of what its uplink can do.
 *
 * A chunk of a blob takes the share for a while, and somebody waits for each thing that a stage made.
 * So these wait for one another only, and blobs for all that was sent.
 *
 * What the uplink can do is learned while chunks go out unhindered: bytes over the time in which any
 * of them waited for the system to take it. While the gate itself holds chunks back nothing is
 * learned, so what was learned is forgotten after a while and measured again, for half a second.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'

/** Time of sending over which the rate is taken, in ms: buffers alone are filled in less. */
const WINDOW_MS = 500

/** What was learned longer ago counts no more, in ms: the device may be on another network. */
const LEARNED_MS_MAX = 600_000

/** Shorter waits than this are owed until they add up: timers are no finer, in ms. */
const WAIT_MS_MIN = 20

/** Longest wait for one chunk, so that whoever fetches it does not take us for silent, in ms. */
const WAIT_MS_MAX = 10_000

export class BulkGate {
  readonly #clock: Clock
  #level = 1
  #learned: { readonly bytesPerMs: number; readonly atMs: number } | undefined
  /** When all that was let through would have been sent at the rate that is allowed. */
  #clearMs = 0
  /** The same of what went ahead of blobs. */
  #aheadClearMs = 0
  /** Chunks on their way, and since when time was not counted yet. */
  #sending = 0
  #countedMs = 0
  #windowMs = 0
  #windowBytes = 0

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

  /** Resolves when `bytes` of a blob may be sent. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const bytesPerMs = this.#rate(nowMs)
    if (bytesPerMs === undefined) return
    const fromMs = this.#clearMs
    this.#clearMs = Math.max(fromMs, nowMs) + bytes / bytesPerMs
    await this.#wait(fromMs - nowMs, signal)
  }

  /** Resolves when `bytes` may be sent that somebody waits for, whatever of blobs was sent before. */
  async passAhead(bytes: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const bytesPerMs = this.#rate(nowMs)
    if (bytesPerMs === undefined) return
    const [fromMs, takesMs] = [this.#aheadClearMs, bytes / bytesPerMs]
    this.#aheadClearMs = Math.max(fromMs, nowMs) + takesMs
    this.#clearMs = Math.max(this.#clearMs, nowMs) + takesMs
    await this.#wait(fromMs - nowMs, signal)
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0) return
    this.#beginWindow()
    const waitMs = Math.min(ms, WAIT_MS_MAX)
    if (waitMs >= WAIT_MS_MIN) await this.#clock.sleep(waitMs, signal)
  }

  /** A chunk is handed to the system; {@link sent} must follow. */
  sending(): void {
    if (this.#sending++ === 0) this.#countedMs = this.#clock.monotonicMs()
  }

  /** The system has taken it. */
  sent(bytes: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#sending--
    this.#windowMs += nowMs - this.#countedMs
    this.#windowBytes += bytes
    this.#countedMs = nowMs
    if (this.#windowMs < WINDOW_MS) return
    this.#learned = { bytesPerMs: this.#windowBytes / this.#windowMs, atMs: nowMs }
    this.#beginWindow()
  }

  /** Bytes a ms that may go out; undefined for as many as do. */
  #rate(nowMs: number): number | undefined {
    if (this.#learned === undefined || this.#level >= 1 || this.#level <= 0) return undefined
    const { bytesPerMs, atMs } = this.#learned
    return nowMs - atMs > LEARNED_MS_MAX ? undefined : this.#level * bytesPerMs
  }

  #beginWindow(): void {
    this.#windowMs = 0
    this.#windowBytes = 0
    this.#countedMs = this.#clock.monotonicMs()
  }
}
