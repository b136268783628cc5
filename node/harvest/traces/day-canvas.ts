/**
 * What a generated trace is painted on: one cell a second, and from it the events of the trace.
 *
 * @module
 */

import type { Random } from '../../../core/random.ts'
import type { Signals } from '../signals.ts'
import type { TraceEvent } from './trace.ts'

/** A stretch of seconds, `from` inclusive, `to` exclusive. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

export const HOUR_S = 3_600
export const DAY_S = 86_400

/** Base use of a device that does nothing in particular. */
const BASE_LOAD = 0.03
/** How long a base load stays the same, in seconds. */
const BASE_LASTS_S = 10

export class DayCanvas {
  readonly seconds: number
  /** Share of all processors that programs of the owner use. */
  readonly load: Float32Array
  readonly input: Uint8Array
  /** 1 where somebody is there, with or without input. */
  readonly present: Uint8Array
  readonly media: Uint8Array
  readonly fullscreen: Uint8Array
  readonly call: Uint8Array
  readonly onBattery: Uint8Array
  readonly asleep: Uint8Array
  readonly #random: Random

  constructor(days: number, random: Random) {
    this.seconds = days * DAY_S
    this.load = new Float32Array(this.seconds)
    const flags = (): Uint8Array => new Uint8Array(this.seconds)
    this.input = flags()
    this.present = flags()
    this.media = flags()
    this.fullscreen = flags()
    this.call = flags()
    this.onBattery = flags()
    this.asleep = flags()
    this.#random = random
  }

  get days(): number {
    return this.seconds / DAY_S
  }

  /** Sets cells of a row to 1. */
  mark(row: Uint8Array, { from, to }: Stretch): void {
    row.fill(1, Math.max(0, from), Math.min(this.seconds, to))
  }

  /** Raises the load of a stretch to at least `level`. */
  use(level: number, { from, to }: Stretch): void {
    for (let second = from; second < Math.min(this.seconds, to); second++) {
      this.load[second] = Math.max(this.load[second] ?? 0, level)
    }
  }

  chance(probability: number): boolean {
    return this.#random.fraction() < probability
  }

  /** Evenly from [`low`, `high`). */
  between(low: number, high: number): number {
    return low + (high - low) * this.#random.fraction()
  }

  /** Exponential, as gaps between independent things are. */
  gap(mean: number): number {
    return -mean * Math.log(1 - this.#random.fraction())
  }

  /** Log-normal: pauses of people (Box and Muller, 1958). */
  pause(mu: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random.fraction()))
    return Math.exp(mu + sigma * radius * Math.cos(2 * Math.PI * this.#random.fraction()))
  }

  /** What the device does by itself: maintenance twice a day, spikes every few minutes, a little all the time. */
  paintBackground(): void {
    for (let day = 0; day < this.days; day++) {
      for (let time = 0; time < 2; time++) {
        const from = day * DAY_S + Math.floor(this.between(0, DAY_S - 400))
        this.use(0.6, { from, to: from + 300 })
      }
    }
    for (let second = 0; second < this.seconds; second += 1 + Math.floor(this.gap(180))) {
      this.use(0.6, { from: second, to: second + 1 + Math.floor(this.between(0, 4)) })
    }
    for (let from = 0; from < this.seconds; from += BASE_LASTS_S) {
      const there = (this.present[from] ?? 0) * 0.08 + (this.media[from] ?? 0) * 0.12
      this.use((BASE_LOAD + there) * this.between(0.5, 1.5), { from, to: from + BASE_LASTS_S })
    }
  }

  /** The events of the trace: one whenever a cell says something else than the one before. */
  events(cores: number): readonly TraceEvent[] {
    const events: TraceEvent[] = []
    const before: Partial<Record<keyof Cell, unknown>> = {}
    let [awakeS, sleptS] = [0, 0]
    for (let second = 0; second < this.seconds; second++) {
      if (this.asleep[second] === 1) {
        sleptS++
        continue
      }
      const signals: Record<string, unknown> = {}
      for (const [name, value] of Object.entries(this.#cell(second))) {
        if (before[name as keyof Cell] === value) continue
        before[name as keyof Cell] = value
        Object.assign(signals, signalOf(name as keyof Cell, value as number, cores))
      }
      awakeS++
      const atMs = awakeS * 1_000
      if (this.input[second] === 1) signals['lastInputAtMs'] = atMs
      if (sleptS > 0 || Object.keys(signals).length > 0) {
        events.push({ atMs, signals, ...(sleptS > 0 && { sleptMs: sleptS * 1_000 }) })
      }
      sleptS = 0
    }
    return events
  }

  #cell(second: number): Cell {
    return {
      load: this.load[second] ?? 0,
      media: this.media[second] ?? 0,
      fullscreen: this.fullscreen[second] ?? 0,
      call: this.call[second] ?? 0,
      onBattery: this.onBattery[second] ?? 0,
    }
  }
}

interface Cell {
  readonly load: number
  readonly media: number
  readonly fullscreen: number
  readonly call: number
  readonly onBattery: number
}

function signalOf(name: keyof Cell, value: number, cores: number): Partial<Signals> {
  switch (name) {
    case 'load':
      return { cpu: { busyFraction: Math.round(value * 1_000) / 1_000, ownFraction: 0, cores } }
    case 'media':
    case 'fullscreen':
    case 'call':
      return { [name]: value === 1 }
    case 'onBattery':
      return { supplies: [{ name: 'AC', type: 'mains', online: value === 0 }] }
  }
}
