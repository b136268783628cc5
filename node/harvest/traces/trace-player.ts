/**
 * Turns a trace into samples, tick by tick, as a device would have given them.
 *
 * What work does feeds back: it uses the processor beside the owner's programs, and
 * where the trace has a plant, it heats the device.
 *
 * @module
 */

import { known, type Reading, unknown } from '../reading.ts'
import type { Sample, SignalName, Signals } from '../signals.ts'
import { BatteryModel } from './battery-model.ts'
import { ThermalPlant } from './thermal-plant.ts'
import type { Trace, TraceEvent } from './trace.ts'

/** What is true at a tick, beside what a governor may know of it. */
export interface TracePlace {
  readonly sample: Sample
  /** Share of all processors that programs of the owner use. */
  readonly othersFraction: number
  /** Input within this tick. */
  readonly input: boolean
  /** What the trace says, whether or not a reading of it can be believed. */
  readonly truth: Partial<Signals>
}

const LOST = unknown('lost in the trace')
/** Cores of a device whose trace does not say how many. */
const CORES = 4
/** Charge with which a modelled battery begins. */
const FIRST_CHARGE = 0.8

export class TracePlayer {
  readonly #trace: Trace
  readonly #plant: ThermalPlant | undefined
  readonly #battery: BatteryModel | undefined
  readonly #truth: { -readonly [Name in SignalName]?: Signals[Name] } = {}
  readonly #lost = new Set<SignalName>()
  #next = 0
  #nowMs = 0
  #sleptMs = 0

  constructor(trace: Trace) {
    this.#trace = trace
    const { plant, battery } = trace.header
    this.#plant = plant && new ThermalPlant(plant)
    this.#battery = battery && new BatteryModel(battery, FIRST_CHARGE)
  }

  /** The next tick, `tickMs` later, with work at `level` since the last; undefined when the trace is over. */
  step(tickMs: number, level: number): TracePlace | undefined {
    const beforeMs = this.#nowMs
    this.#nowMs += tickMs
    if (this.#nowMs > this.#trace.lengthMs) return undefined
    this.#applyEvents()
    const { cpu, lastInputAtMs } = this.#truth
    const othersFraction = cpu === undefined ? 0 : Math.max(0, cpu.busyFraction - cpu.ownFraction)
    const ownFraction = Math.min(level, 1 - othersFraction)
    this.#follow(othersFraction + ownFraction, tickMs)
    return {
      sample: this.#sample(othersFraction, ownFraction),
      othersFraction,
      input: lastInputAtMs !== undefined && lastInputAtMs > beforeMs,
      truth: this.#truth,
    }
  }

  #applyEvents(): void {
    const { events } = this.#trace
    for (;;) {
      const event = events[this.#next]
      if (event === undefined || event.atMs > this.#nowMs) return
      this.#next++
      this.#apply(event)
    }
  }

  #apply({ signals = {}, lost = [], sleptMs = 0 }: TraceEvent): void {
    Object.assign(this.#truth, signals)
    for (const name of Object.keys(signals)) this.#lost.delete(name as SignalName)
    for (const name of lost) this.#lost.add(name)
    this.#sleptMs += sleptMs
    if (sleptMs > 0) this.#follow('asleep', sleptMs)
  }

  /** What heat and charge become of a load, where they are modelled. */
  #follow(load: number | 'asleep', ms: number): void {
    const celsius = this.#plant?.step(load === 'asleep' ? 0 : load, ms)
    if (celsius !== undefined) {
      this.#truth.thermal = [{ name: 'package', part: 'cpu', celsius }]
    }
    const charger = this.#truth.supplies?.some(({ online }) => online) ?? false
    const battery = this.#battery?.step(load, charger, ms)
    if (battery !== undefined) this.#truth.batteries = [battery]
  }

  #sample(othersFraction: number, ownFraction: number): Sample {
    const { wallMs, zoneMinutes } = this.#trace.header
    const nowMs = this.#nowMs
    const readings: Partial<Record<SignalName, Reading<unknown>>> = {}
    for (const name of Object.keys(this.#truth) as SignalName[]) {
      readings[name] = this.#lost.has(name) ? LOST : known(this.#truth[name], nowMs)
    }
    const busyFraction = othersFraction + ownFraction
    if (readings.cpu?.quality === 'known') {
      const cores = this.#truth.cpu?.cores ?? CORES
      readings.cpu = known({ busyFraction, ownFraction, cores }, nowMs)
    }
    const work = { cpu: ownFraction > 0 ? 'running' : 'none', gpu: 'none', interactive: false }
    readings.work = known(work, nowMs)
    return {
      nowMs,
      wallMs: wallMs + nowMs + this.#sleptMs,
      zoneMinutes,
      readings: readings as Sample['readings'],
    }
  }
}
