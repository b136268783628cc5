/**
 * How likely this device is to stay available, learned for each hour of the week, and what of it others may know.
 *
 * Every minute in which the device was available is a question: was it still so 5, 15
 * and 60 minutes later? The answers are averaged for the hour of the week in which
 * they were asked. Most devices follow their owner's habits (Javadi et al.: only a
 * fifth of them come and go at random).
 *
 * Habits are nobody else's business. What is published is what holds now, in
 * quarters that are rounded by a draw, and not more often than a quarter of an hour.
 *
 * @module
 */

import type { Random } from '../../../core/random.ts'
import type { Decision } from '../decision.ts'
import { minuteOfWeek } from './clock-jumps.ts'

/** For how long it would stay, in minutes. */
export const HORIZONS_MINUTES = [5, 15, 60] as const

/** One share for each horizon: of 1 in the forecast, of 4 where it is published. */
export type StayShares = readonly [five: number, fifteen: number, sixty: number]

const HOURS_A_WEEK = 168
const MINUTE_MS = 60_000
/** Weight of one minute's answer: some three weeks of the same hour are remembered. */
const WEIGHT = 1 / 180
/** Before anything is known. */
const PRIOR = 0.5
/** Shortest time between two publications, and how much longer it may become by a draw, in ms. */
const PUBLISH_MS_MIN = 900_000
const PUBLISH_JITTER_MS = 300_000
/** Share of the processor from which the device counts as available. */
const AVAILABLE_LEVEL = 0.5
const QUARTERS = 4

export class AvailabilityForecast {
  readonly #shares: Float32Array
  #minute: number | undefined
  /** Minute in which the present stretch of availability began. */
  #since: number | undefined
  #published: StayShares = [0, 0, 0]
  #publishNextMs = Number.NEGATIVE_INFINITY

  /** @param kept - What {@link bytes} gave before; anything else is begun anew. */
  constructor(kept?: Uint8Array) {
    this.#shares = new Float32Array(HOURS_A_WEEK * HORIZONS_MINUTES.length).fill(PRIOR)
    if (kept?.length !== this.#shares.length) return
    for (const [index, byte] of kept.entries()) this.#shares[index] = byte / 255
  }

  /** What was learned, a byte a share, to be kept over restarts. */
  get bytes(): Uint8Array {
    return Uint8Array.from(this.#shares, (share) => Math.round(255 * share))
  }

  /** Learns from a decision. Time that went backwards or jumped ahead ends what was going on. */
  observe({ levels, wallMs }: Decision, zoneMinutes: number): void {
    const minute = Math.floor(wallMs / MINUTE_MS) + zoneMinutes
    const available = levels.cpu >= AVAILABLE_LEVEL
    if (this.#minute !== undefined && (minute < this.#minute || minute > this.#minute + 2)) {
      this.#since = undefined
    }
    const isNewMinute = minute !== this.#minute
    this.#minute = minute
    if (!available) {
      if (this.#since !== undefined) this.#answerEnd(this.#since, minute)
      this.#since = undefined
      return
    }
    this.#since ??= minute
    if (isNewMinute) this.#answerStayed(this.#since, minute)
  }

  /** Shares of 1 that the device stays available from now on; 0 while it is not. */
  stay({ levels, wallMs }: Decision, zoneMinutes: number): StayShares {
    if (levels.cpu < AVAILABLE_LEVEL) return [0, 0, 0]
    const hour = Math.floor(minuteOfWeek(wallMs, zoneMinutes) / 60)
    return [0, 1, 2].map((horizon) => this.#shares[indexOf(hour, horizon)] ?? PRIOR) as [
      number,
      number,
      number,
    ]
  }

  /** The same for others: quarters from 0 to 4, seldom renewed, at times that nobody can foresee. */
  published(decision: Decision, zoneMinutes: number, random: Random): StayShares {
    if (decision.levels.cpu < AVAILABLE_LEVEL) return [0, 0, 0]
    const { wallMs } = decision
    if (wallMs < this.#publishNextMs && this.#publishNextMs - wallMs <= PUBLISH_LONGEST_MS) {
      return this.#published
    }
    this.#publishNextMs = wallMs + PUBLISH_MS_MIN + random.fraction() * PUBLISH_JITTER_MS
    const quarters = this.stay(decision, zoneMinutes).map((share) =>
      Math.min(QUARTERS, Math.floor(share * QUARTERS + random.fraction())),
    )
    this.#published = quarters as [number, number, number]
    return this.#published
  }

  /** Minutes that lie a horizon back, and from which on the device stayed. */
  #answerStayed(since: number, minute: number): void {
    for (const [horizon, minutes] of HORIZONS_MINUTES.entries()) {
      if (minute - minutes >= since) this.#learn(minute - minutes, horizon, 1)
    }
  }

  /** Minutes whose horizon lay beyond the end. */
  #answerEnd(since: number, end: number): void {
    for (const [horizon, minutes] of HORIZONS_MINUTES.entries()) {
      for (let minute = Math.max(since, end - minutes + 1); minute < end; minute++) {
        this.#learn(minute, horizon, 0)
      }
    }
  }

  #learn(localMinute: number, horizon: number, stayed: 0 | 1): void {
    const hour = Math.floor(minuteOfWeek(localMinute * MINUTE_MS, 0) / 60)
    const index = indexOf(hour, horizon)
    const share = this.#shares[index] ?? PRIOR
    this.#shares[index] = share + WEIGHT * (stayed - share)
  }
}

/** A clock that was set back must not silence the forecast. */
const PUBLISH_LONGEST_MS = PUBLISH_MS_MIN + PUBLISH_JITTER_MS

function indexOf(hour: number, horizon: number): number {
  return hour * HORIZONS_MINUTES.length + horizon
}
