/**
 * The file of a trace: JSON lines, one header and then one event a line, only ever appended to.
 *
 * ```
 * {"brumeTrace":1,"name":"laptop","wallMs":1767571200000,"zoneMinutes":60,"template":"laptop"}
 * {"ms":0,"signals":{"lastInputAtMs":-3600000,"media":false}}
 * {"ms":61000,"signals":{"media":true},"lost":["thermal"]}
 * {"ms":61250,"decision":{"state":"OWNER","cpu":0.25,"reasons":["MEDIA"]}}
 * ```
 *
 * A file that was cut off in the middle of its last line is read without that line.
 * Anything else that is wrong with it refuses the file, with the number of the line.
 *
 * @module
 */

import { HARVEST_TEMPLATE_NAMES, type HarvestTemplateName } from '../../../config/index.ts'
import type { Decision } from '../decision.ts'
import { HarvestError } from '../errors.ts'
import { SIGNAL_CHECKS, type SignalCheck } from '../governor/signal-checks.ts'
import type { SignalName, Signals } from '../signals.ts'
import type { BatteryModelInit } from './battery-model.ts'
import type { ThermalPlantInit } from './thermal-plant.ts'
import type { Trace, TraceEvent, TraceHeader } from './trace.ts'

/** Version of the format; another one is refused. */
const TRACE_VERSION = 1

/** Limits of what is read, whoever wrote it. */
export const TRACE_LIMITS = {
  FILE_BYTES_MAX: 268_435_456,
  LINE_CHARACTERS_MAX: 65_536,
  EVENTS_MAX: 4_000_000,
  /** Awake and asleep together: 400 days. */
  SPAN_MS_MAX: 34_560_000_000,
} as const

const NAME_CHARACTERS_MAX = 128
/** 2200-01-01: beyond it, a wall time is a mistake. */
const WALL_MS_MAX = 7_258_118_400_000
const ZONE_MINUTES_MAX = 18 * 60

/** The first line of a file, without its line break. */
export function headerLine(header: TraceHeader): string {
  return JSON.stringify({ brumeTrace: TRACE_VERSION, ...header })
}

/** One line of an event. */
export function eventLine({ atMs, ...event }: TraceEvent): string {
  return JSON.stringify({ ms: Math.round(atMs), ...event })
}

/** One line of a decision: for people and programs that read the file; a replay decides anew. */
export function decisionLine({ state, levels, reasons }: Decision, atMs: number): string {
  const codes = [...new Set(reasons.map(({ code, after }) => after ?? code))]
  const { cpu, gpu } = levels
  return JSON.stringify({
    ms: Math.round(atMs),
    decision: { state, cpu: round(cpu), gpu: round(gpu), reasons: codes },
  })
}

/** The whole file of a trace. Its last line only says how long the trace is. */
export function traceText({ header, events, lengthMs }: Trace): string {
  const lines = [headerLine(header), ...events.map(eventLine), eventLine({ atMs: lengthMs })]
  return `${lines.join('\n')}\n`
}

function round(level: number): number {
  return Math.round(level * 1_000) / 1_000
}

/**
 * The trace of a file.
 *
 * @throws {HarvestError} `HARVEST_TRACE_INVALID` or `HARVEST_TRACE_TOO_LARGE`.
 */
export function parseTrace(text: string): Trace {
  const reader = new TraceReader()
  // What follows the last line break was cut off, or is nothing.
  let begin = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
    reader.push(text.slice(begin, end))
    begin = end + 1
  }
  return reader.trace()
}

/** Takes a trace line by line. */
class TraceReader {
  readonly #events: TraceEvent[] = []
  #header: TraceHeader | undefined
  #line = 0
  #lastMs = 0
  #sleptMs = 0

  push(text: string): void {
    this.#line++
    if (text.length > TRACE_LIMITS.LINE_CHARACTERS_MAX) {
      throw tooLarge(`${TRACE_LIMITS.LINE_CHARACTERS_MAX} characters a line`)
    }
    const fields = this.#fields(text)
    if (this.#header === undefined) {
      this.#header = this.#headerOf(fields)
      return
    }
    const atMs = this.#number(
      fields['ms'],
      [this.#lastMs, TRACE_LIMITS.SPAN_MS_MAX],
      'ms that grow',
    )
    this.#lastMs = atMs
    if (fields['decision'] !== undefined) return
    if (this.#events.length >= TRACE_LIMITS.EVENTS_MAX) {
      throw tooLarge(`${TRACE_LIMITS.EVENTS_MAX} events`)
    }
    this.#events.push(this.#eventOf(fields, atMs))
  }

  trace(): Trace {
    if (this.#header === undefined) throw this.#invalid('a header')
    return { header: this.#header, events: this.#events, lengthMs: this.#lastMs }
  }

  #eventOf(fields: Fields, atMs: number): TraceEvent {
    const sleptMs = fields['sleptMs'] === undefined ? undefined : this.#slept(fields['sleptMs'])
    const signals = fields['signals'] === undefined ? undefined : this.#signals(fields, atMs)
    const lost = fields['lost'] === undefined ? undefined : this.#names(fields['lost'])
    return {
      atMs,
      ...(signals !== undefined && { signals }),
      ...(lost !== undefined && { lost }),
      ...(sleptMs !== undefined && { sleptMs }),
    }
  }

  #slept(value: unknown): number {
    const sleptMs = this.#number(value, [0, TRACE_LIMITS.SPAN_MS_MAX], 'a time asleep')
    this.#sleptMs += sleptMs
    if (this.#sleptMs > TRACE_LIMITS.SPAN_MS_MAX) throw tooLarge('400 days')
    return sleptMs
  }

  #signals(fields: Fields, atMs: number): Partial<Signals> {
    const given = this.#table(fields['signals'], 'signals by name')
    for (const [name, value] of Object.entries(given)) {
      if (!isSignalName(name)) throw this.#invalid('names of signals')
      const check = SIGNAL_CHECKS[name] as SignalCheck<SignalName>
      const possible = value !== null && check(value as Signals[SignalName], atMs) !== undefined
      // An empty list is possible for every signal that is a list.
      if (!possible) throw this.#invalid(`a value that ${name} can have`)
    }
    return given
  }

  #names(value: unknown): readonly SignalName[] {
    if (!Array.isArray(value) || !value.every(isSignalName)) throw this.#invalid('names of signals')
    return value
  }

  #headerOf(fields: Fields): TraceHeader {
    if (fields['brumeTrace'] !== TRACE_VERSION) {
      throw this.#invalid(`a trace of version ${TRACE_VERSION}`)
    }
    const { name, template, plant, battery } = fields
    if (typeof name !== 'string' || name.length > NAME_CHARACTERS_MAX) {
      throw this.#invalid('a short name')
    }
    if (!HARVEST_TEMPLATE_NAMES.some((known) => known === template)) {
      throw this.#invalid('the name of a template')
    }
    const zone = [-ZONE_MINUTES_MAX, ZONE_MINUTES_MAX] as const
    return {
      name,
      template: template as HarvestTemplateName,
      wallMs: this.#number(fields['wallMs'], [0, WALL_MS_MAX], 'a wall time'),
      zoneMinutes: this.#number(fields['zoneMinutes'], zone, 'minutes ahead of UTC'),
      ...(plant !== undefined && { plant: this.#plantOf(plant) }),
      ...(battery !== undefined && { battery: this.#batteryOf(battery) }),
    }
  }

  #plantOf(value: unknown): ThermalPlantInit {
    const fields = this.#table(value, 'a thermal plant')
    return {
      ambientCelsius: this.#number(fields['ambientCelsius'], [-60, 100], 'a temperature'),
      riseCelsius: this.#number(fields['riseCelsius'], [0, 150], 'a rise of temperature'),
      tauMs: this.#number(fields['tauMs'], [1, 86_400_000], 'a time constant'),
    }
  }

  #batteryOf(value: unknown): BatteryModelInit {
    const fields = this.#table(value, 'a battery')
    const watts = (name: string): number => this.#number(fields[name], [0, 10_000], 'watts')
    return {
      capacityWattHours: this.#number(fields['capacityWattHours'], [1, 1_000_000], 'a capacity'),
      idleWatts: watts('idleWatts'),
      fullWatts: watts('fullWatts'),
      chargerWatts: watts('chargerWatts'),
    }
  }

  #fields(text: string): Fields {
    try {
      return this.#table(JSON.parse(text), 'an object')
    } catch (error) {
      if (error instanceof HarvestError) throw error
      throw this.#invalid('JSON', error)
    }
  }

  #table(value: unknown, what: string): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.#invalid(what)
    }
    return value as Fields
  }

  #number(value: unknown, [min, max]: readonly [number, number], what: string): number {
    if (typeof value !== 'number' || !(value >= min && value <= max)) throw this.#invalid(what)
    return value
  }

  #invalid(reason: string, cause?: unknown): HarvestError {
    const options = cause === undefined ? undefined : { cause }
    return new HarvestError({ code: 'HARVEST_TRACE_INVALID', line: this.#line, reason }, options)
  }
}

type Fields = Readonly<Record<string, unknown>>

function isSignalName(name: unknown): name is SignalName {
  return typeof name === 'string' && Object.hasOwn(SIGNAL_CHECKS, name)
}

function tooLarge(limit: string): HarvestError {
  return new HarvestError({ code: 'HARVEST_TRACE_TOO_LARGE', limit })
}
