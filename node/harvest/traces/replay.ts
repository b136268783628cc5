/**
 * Plays a trace to whoever decides about the device, and counts what came of it.
 *
 * @module
 */

import type { Contestant } from './contestant.ts'
import type { Trace } from './trace.ts'
import { type TracePlace, TracePlayer } from './trace-player.ts'

/** What a replay came to. Minutes and counts are per day, of 24 hours of wall time. */
export interface ReplayScore {
  readonly days: number
  /** Share of the idle capacity, of the time in which the device was awake, that work had. */
  readonly harvestedFraction: number
  /** The two of which it is the ratio, in ms times processors. */
  readonly harvestedCoreMs: number
  readonly idleCoreMs: number
  /** Minutes in which work had more than half of the device during input, or during films and music. */
  readonly inputMinutes: number
  readonly mediaMinutes: number
  /** Minutes in which work had more than 30 % beside busy programs of somebody who was there. */
  readonly busyMinutes: number
  /** Minutes in which work ran on the battery. */
  readonly batteryMinutes: number
  readonly stops: number
  /** Runs of less than a minute. */
  readonly shortRuns: number
  /** 95th percentile of the time from input to at most 30 %, in ms; a minute stands for never. */
  readonly yieldP95Ms: number
  readonly peakCelsius: number | undefined
  /** Seconds at level 0, and those of them without a reason; of the governor only. */
  readonly zeroSeconds: number
  readonly unexplainedSeconds: number
}

/** One hour of the replay, for a picture of it. */
export interface ReplayHour {
  /** Mean level, of the time in which the device was awake. */
  readonly level: number
  readonly inputFraction: number
  readonly mediaFraction: number
  readonly asleepFraction: number
}

/** From the midnight before the trace on; undefined for hours before it. */
export type ReplayHours = readonly (ReplayHour | undefined)[]

export interface ReplayInit {
  readonly tickMs: number
}

const HALF = 0.5
const BESIDE_BUSY = 0.3
const BUSY_LOAD = 0.55
/** Input within this time: somebody is there, whatever the rules say of it. */
const THERE_MS = 300_000
const SHORT_RUN_MS = 60_000
const NEVER_MS = 60_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Plays all of `trace`. */
export function replay(
  trace: Trace,
  contestant: Contestant,
  { tickMs }: ReplayInit,
): { readonly score: ReplayScore; readonly hours: ReplayHours } {
  const player = new TracePlayer(trace)
  const counter = new ReplayCounter(trace, tickMs)
  for (let level = 0; ;) {
    const place = player.step(tickMs, level)
    if (place === undefined) return { score: counter.score(), hours: counter.hours() }
    level = contestant.level(place, tickMs)
    counter.count(place, level)
    const { decision } = contestant
    if (level === 0 && decision !== undefined) {
      counter.explained(
        decision.reasons.some(({ resource, cap }) => resource === 'cpu' && cap === 0),
      )
    }
  }
}

interface HourSums {
  awakeMs: number
  levelMs: number
  inputMs: number
  mediaMs: number
}

class ReplayCounter {
  readonly #trace: Trace
  readonly #tickMs: number
  readonly #hours: HourSums[] = []
  readonly #yieldsMs: number[] = []
  readonly #ms = {
    idle: 0,
    harvested: 0,
    input: 0,
    media: 0,
    busy: 0,
    battery: 0,
    zero: 0,
    bare: 0,
  }
  #stops = 0
  #shortRuns = 0
  #level = 0
  #runMs = 0
  #yieldingMs: number | undefined
  #peakCelsius: number | undefined
  #wallMs: number

  constructor(trace: Trace, tickMs: number) {
    this.#trace = trace
    this.#tickMs = tickMs
    this.#wallMs = trace.header.wallMs
  }

  count(place: TracePlace, level: number): void {
    this.#wallMs = place.sample.wallMs
    this.#countCapacity(place, level)
    this.#countConflicts(place, level)
    this.#countRuns(level)
    this.#countYield(place, level)
    this.#countHour(place, level)
    const celsius = place.truth.thermal?.[0]?.celsius
    if (celsius !== undefined) this.#peakCelsius = Math.max(this.#peakCelsius ?? celsius, celsius)
    this.#level = level
  }

  explained(explained: boolean): void {
    this.#ms.zero += this.#tickMs
    if (!explained) this.#ms.bare += this.#tickMs
  }

  score(): ReplayScore {
    const days = Math.max(1, this.#wallMs - this.#trace.header.wallMs) / DAY_MS
    const { idle, harvested, input, media, busy, battery, zero, bare } = this.#ms
    const minutes = (ms: number): number => ms / MINUTE_MS / days
    return {
      days,
      harvestedFraction: idle === 0 ? 0 : harvested / idle,
      harvestedCoreMs: harvested,
      idleCoreMs: idle,
      inputMinutes: minutes(input),
      mediaMinutes: minutes(media),
      busyMinutes: minutes(busy),
      batteryMinutes: minutes(battery),
      stops: this.#stops / days,
      shortRuns: this.#shortRuns / days,
      yieldP95Ms: percentile(this.#yieldsMs, 0.95),
      peakCelsius: this.#peakCelsius,
      zeroSeconds: zero / 1_000,
      unexplainedSeconds: bare / 1_000,
    }
  }

  hours(): ReplayHours {
    const first = this.#hours.findIndex((sums) => sums !== undefined)
    return Array.from(this.#hours, (sums, index) => {
      if (index < first) return undefined
      const { awakeMs, levelMs, inputMs, mediaMs } = sums ?? NO_HOUR
      const awake = Math.max(1, awakeMs)
      return {
        level: levelMs / awake,
        inputFraction: inputMs / awake,
        mediaFraction: mediaMs / awake,
        asleepFraction: Math.max(0, 1 - awakeMs / HOUR_MS),
      }
    })
  }

  #countCapacity({ othersFraction, truth }: TracePlace, level: number): void {
    const idleMs = (1 - othersFraction) * (truth.cpu?.cores ?? 1) * this.#tickMs
    this.#ms.idle += idleMs
    this.#ms.harvested += level * idleMs
  }

  #countConflicts({ input, truth, othersFraction, sample }: TracePlace, level: number): void {
    const ms = this.#tickMs
    const idleMs = sample.nowMs - (truth.lastInputAtMs ?? Number.NEGATIVE_INFINITY)
    if (level > HALF) {
      if (input) this.#ms.input += ms
      if (truth.media === true) this.#ms.media += ms
    }
    const busy = idleMs < THERE_MS && othersFraction > BUSY_LOAD
    if (busy && level > BESIDE_BUSY) this.#ms.busy += ms
    const draining = isDraining(truth)
    if (draining && level > 0) this.#ms.battery += ms
  }

  #countRuns(level: number): void {
    if (level > 0) this.#runMs += this.#tickMs
    else if (this.#level > 0) {
      this.#stops++
      if (this.#runMs < SHORT_RUN_MS) this.#shortRuns++
      this.#runMs = 0
    }
  }

  #countYield({ input }: TracePlace, level: number): void {
    if (this.#yieldingMs === undefined) {
      if (!input || this.#level <= BESIDE_BUSY) return
      this.#yieldingMs = 0
    }
    this.#yieldingMs += this.#tickMs
    if (level > BESIDE_BUSY && this.#yieldingMs < NEVER_MS) return
    this.#yieldsMs.push(this.#yieldingMs)
    this.#yieldingMs = undefined
  }

  #countHour({ sample, input, truth }: TracePlace, level: number): void {
    const { wallMs, zoneMinutes } = this.#trace.header
    const firstMs = Math.floor((wallMs + zoneMinutes * MINUTE_MS) / DAY_MS) * DAY_MS
    // A tick is about the time before it.
    const tickMs = this.#tickMs
    const beganMs = sample.wallMs - tickMs + zoneMinutes * MINUTE_MS
    const index = Math.max(0, Math.floor((beganMs - firstMs) / HOUR_MS))
    const sums = (this.#hours[index] ??= { awakeMs: 0, levelMs: 0, inputMs: 0, mediaMs: 0 })
    sums.awakeMs += tickMs
    sums.levelMs += level * tickMs
    if (input) sums.inputMs += tickMs
    if (truth.media === true) sums.mediaMs += tickMs
  }
}

function isDraining({ batteries = [] }: TracePlace['truth']): boolean {
  return batteries.some(({ status }) => status === 'discharging')
}

const NO_HOUR: HourSums = { awakeMs: 0, levelMs: 0, inputMs: 0, mediaMs: 0 }

function percentile(values: readonly number[], share: number): number {
  const inOrder = values.toSorted((a, b) => a - b)
  return inOrder[Math.min(inOrder.length - 1, Math.floor(share * inOrder.length))] ?? 0
}
