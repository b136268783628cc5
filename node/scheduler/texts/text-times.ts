/**
 * How quickly a text came.
 *
 * @module
 */

import type { TextView } from '../../api/schemas/texts.ts'
import { Samples } from '../jobs/samples.ts'

/** Steps of a text that says how quick a way is: of fewer, the first ones weigh too much. */
const PACE_STEPS_MIN = 16

export class TextTimes {
  readonly #beganMs: number
  #readyMs: number | undefined
  #firstMs: number | undefined
  #lastMs = 0
  #tokens = 0
  #steps = 0
  #firstTokens = 0
  #promptTokens = 0
  readonly #gaps = new Samples()
  #gapMaxMs = 0

  /** @param beganMs - When the text was asked for, on the monotonic clock. */
  constructor(beganMs: number) {
    this.#beganMs = beganMs
  }

  /** All stages are ready. */
  ready(nowMs: number): void {
    this.#readyMs ??= nowMs
  }

  prompt(tokens: number): void {
    this.#promptTokens = tokens
  }

  /** So many tokens came at once. */
  drawn(tokens: number, nowMs: number): void {
    if (tokens === 0) return
    if (this.#firstMs === undefined) {
      this.#firstMs = nowMs
      this.#firstTokens = tokens
    } else {
      const gapMs = nowMs - this.#lastMs
      this.#gaps.add(gapMs)
      this.#gapMaxMs = Math.max(this.#gapMaxMs, gapMs)
    }
    this.#lastMs = nowMs
    this.#tokens += tokens
    this.#steps++
  }

  /** Steps a second from the first to the last, each of one token or more; undefined of a short text. */
  get stepsPerS(): number | undefined {
    const tookMs = this.#lastMs - (this.#firstMs ?? 0)
    if (this.#steps < PACE_STEPS_MIN || tookMs <= 0) return undefined
    return (1000 * (this.#steps - 1)) / tookMs
  }

  show(): TextView['times'] {
    const [readyMs, firstMs] = [this.#readyMs, this.#firstMs]
    const gapP50Ms = this.#gaps.quantile(0.5)
    const gapP95Ms = this.#gaps.quantile(0.95)
    const tookMs = this.#lastMs - (firstMs ?? 0)
    const times: TextView['times'] = {}
    if (readyMs !== undefined) times.loadMs = readyMs - this.#beganMs
    if (firstMs !== undefined) times.firstTokenMs = firstMs - this.#beganMs
    if (firstMs !== undefined && readyMs !== undefined && firstMs > readyMs) {
      times.promptPerSecond = (1000 * this.#promptTokens) / (firstMs - readyMs)
    }
    if (gapP50Ms !== undefined && gapP95Ms !== undefined && tookMs > 0) {
      // What came first only starts the clock.
      times.tokensPerSecond = (1000 * (this.#tokens - this.#firstTokens)) / tookMs
      Object.assign(times, { gapP50Ms, gapP95Ms, gapMaxMs: this.#gapMaxMs })
    }
    return times
  }
}
