/**
 * Writes down what signals say while the daemon runs, as lines of a trace.
 *
 * Only what changes is written, and of a value that wavers only what moves it
 * noticeably: a day is some megabytes. Where the lines go, and when a file is full,
 * is up to whoever records.
 *
 * @module
 */

import type { Decision } from '../decision.ts'
import type { Sample, SignalName, Signals } from '../signals.ts'
import type { TraceHeader } from './trace.ts'
import { decisionLine, eventLine, headerLine } from './trace-format.ts'

/** Where the daemon keeps its trace, in the state folder. */
export const TRACE_FILE = 'harvest-trace.jsonl'

/** A change of the processor's use that is noticed. */
const CPU_STEP = 0.05
/** A change of pressure, memory (as a share) and charge that is noticed. */
const SHARE_STEP = 0.02
const CELSIUS_STEP = 0.5
/** Input of one burst: each of its keys would be a line. */
const INPUT_STEP_MS = 500
/** A wall clock that went on alone by this much: the device slept. */
const SLEPT_MS = 30_000

export class TraceRecorder {
  readonly #startMs: number
  readonly #written: { -readonly [Name in SignalName]?: Signals[Name] } = {}
  readonly #lost = new Set<SignalName>()
  readonly #first: string
  #wallMs: number
  #nowMs: number
  #decision = ''

  /** @param first - The sample with which the trace begins. */
  constructor(header: Pick<TraceHeader, 'name' | 'template'>, first: Sample) {
    const { nowMs, wallMs, zoneMinutes } = first
    this.#startMs = nowMs
    this.#nowMs = nowMs
    this.#wallMs = wallMs
    this.#first = headerLine({ ...header, wallMs, zoneMinutes })
  }

  /** The line that every file of this trace begins with. */
  get header(): string {
    return this.#first
  }

  /** Lines for what is new in `sample` and in what was decided on it; often none. */
  record(sample: Sample, decision: Decision): readonly string[] {
    const atMs = sample.nowMs - this.#startMs
    const lines: string[] = []
    const signals: Partial<Record<SignalName, unknown>> = {}
    const lost: SignalName[] = []
    for (const name of Object.keys(sample.readings) as SignalName[]) {
      const reading = sample.readings[name]
      if (name === 'work' || reading === undefined) continue
      if (reading.quality !== 'known') {
        if (!this.#lost.has(name)) lost.push(name)
        this.#lost.add(name)
        continue
      }
      if (!this.#isNews(name, reading.value)) continue
      this.#lost.delete(name)
      this.#written[name] = reading.value as never
      signals[name] = this.#valueOf(name, reading.value)
    }
    const sleptMs = sample.wallMs - this.#wallMs - (sample.nowMs - this.#nowMs)
    const slept = sleptMs > SLEPT_MS
    if (slept || lost.length > 0 || Object.keys(signals).length > 0) {
      const event = { atMs, signals: signals as Partial<Signals> }
      const more = { ...(lost.length > 0 && { lost }), ...(slept && { sleptMs }) }
      lines.push(eventLine({ ...event, ...more }))
    }
    this.#wallMs = sample.wallMs
    this.#nowMs = sample.nowMs
    return [...lines, ...this.#decided(decision, atMs)]
  }

  #isNews(name: SignalName, value: unknown): boolean {
    if (this.#lost.has(name)) return true
    const before = this.#written[name]
    if (before === undefined) return true
    return !sameEnough(name, before, value)
  }

  /** Instants on the clock of the trace; the processor without our own use. */
  #valueOf(name: SignalName, value: unknown): unknown {
    if (name === 'lastInputAtMs') return Math.round((value as number) - this.#startMs)
    if (name !== 'cpu') return value
    const { busyFraction, ownFraction, cores } = value as Signals['cpu']
    const others = Math.max(0, busyFraction - ownFraction)
    return { busyFraction: Math.round(others * 1_000) / 1_000, ownFraction: 0, cores }
  }

  #decided(decision: Decision, atMs: number): readonly string[] {
    const codes = decision.reasons.map(({ code, after }) => after ?? code).join(' ')
    const { cpu, gpu } = decision.levels
    const gist = `${decision.state} ${cpu.toFixed(1)} ${gpu.toFixed(1)} ${codes}`
    if (gist === this.#decision) return []
    this.#decision = gist
    return [decisionLine(decision, atMs)]
  }
}

function sameEnough(name: SignalName, before: unknown, value: unknown): boolean {
  switch (name) {
    case 'lastInputAtMs':
      return (value as number) - (before as number) < INPUT_STEP_MS
    case 'cpu': {
      const [a, b] = [before, value] as readonly Signals['cpu'][]
      return near(a!.busyFraction - a!.ownFraction, b!.busyFraction - b!.ownFraction, CPU_STEP)
    }
    case 'thermal':
      return sameList(before as Signals['thermal'], value as Signals['thermal'], (a, b) =>
        near(a.celsius, b.celsius, CELSIUS_STEP),
      )
    case 'batteries':
      return sameList(
        before as Signals['batteries'],
        value as Signals['batteries'],
        (a, b) => a.status === b.status && near(a.chargeFraction, b.chargeFraction, SHARE_STEP),
      )
    default:
      return sameShape(before, value)
  }
}

function near(a: number, b: number, step: number): boolean {
  return Math.abs(a - b) < step
}

function sameList<Item extends { readonly name: string }>(
  before: readonly Item[],
  after: readonly Item[],
  same: (a: Item, b: Item) => boolean,
): boolean {
  return (
    before.length === after.length &&
    before.every((item, index) => {
      const other = after[index]
      return other !== undefined && other.name === item.name && same(item, other)
    })
  )
}

/** Equal but for numbers that moved by little: shares by 2 %, amounts by 2 % of themselves. */
function sameShape(before: unknown, value: unknown): boolean {
  if (typeof before === 'number' && typeof value === 'number') {
    return near(before, value, SHARE_STEP * Math.max(1, Math.abs(before)))
  }
  if (typeof before !== 'object' || typeof value !== 'object' || !before || !value) {
    return before === value
  }
  const keys = Object.keys(before)
  const other = value as Record<string, unknown>
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => sameShape((before as Record<string, unknown>)[key], other[key]))
  )
}
