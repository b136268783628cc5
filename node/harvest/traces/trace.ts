/**
 * A recorded or generated stretch of a device's life: what its signals said, and when that changed.
 *
 * A signal keeps what it said until a later event changes it, so a quiet night is a
 * few lines. `cpu` is what programs other than ours used; what work would have used
 * is added when the trace is played.
 *
 * @module
 */

import type { HarvestTemplateName } from '../../../config/index.ts'
import type { SignalName, Signals } from '../signals.ts'
import type { BatteryModelInit } from './battery-model.ts'
import type { ThermalPlantInit } from './thermal-plant.ts'

export interface TraceHeader {
  readonly name: string
  /** Wall time at which the trace begins; its own clock begins at 0. */
  readonly wallMs: number
  readonly zoneMinutes: number
  /** The class of the device, whose template is the natural one to replay with. */
  readonly template: HarvestTemplateName
  /** Set for a generated trace: heat then follows what work does. */
  readonly plant?: ThermalPlantInit
  /** The same for the charge of its battery. */
  readonly battery?: BatteryModelInit
}

export interface TraceEvent {
  /** On the clock of the trace, in ms; never less than the event before. */
  readonly atMs: number
  /** Signals that say something else from now on; `lastInputAtMs` is on the clock of the trace. */
  readonly signals?: Partial<Signals>
  /** Signals that nobody could read from now on, until they say something again. */
  readonly lost?: readonly SignalName[]
  /** How long the device slept just now, in ms: the wall clock went on, the clock of the trace did not. */
  readonly sleptMs?: number
}

export interface Trace {
  readonly header: TraceHeader
  readonly events: readonly TraceEvent[]
  readonly lengthMs: number
}

/** The last `ms` of `trace`, awake and asleep together; what was said before stands at its beginning. */
export function lastOf(trace: Trace, ms: number): Trace {
  const { header, events, lengthMs } = trace
  const sleptMs = events.reduce((sum, event) => sum + (event.sleptMs ?? 0), 0)
  const skipMs = lengthMs + sleptMs - ms
  if (skipMs <= 0) return trace
  let passedMs = 0
  let lastMs = 0
  let cut = 0
  for (const event of events) {
    passedMs += event.atMs - lastMs + (event.sleptMs ?? 0)
    if (passedMs >= skipMs) break
    lastMs = event.atMs
    cut++
  }
  const beganMs = events[cut - 1]?.atMs ?? 0
  const before = events.slice(0, cut)
  const first: TraceEvent = { atMs: 0, ...summary(before, beganMs) }
  const wallMs =
    header.wallMs + beganMs + before.reduce((sum, { sleptMs: slept = 0 }) => sum + slept, 0)
  return {
    header: { ...header, wallMs },
    events: [first, ...events.slice(cut).map((event) => shifted(event, beganMs))],
    lengthMs: lengthMs - beganMs,
  }
}

/** What all of `events` together say. */
function summary(
  events: readonly TraceEvent[],
  shiftMs: number,
): Pick<TraceEvent, 'signals' | 'lost'> {
  const lost = new Set<SignalName>()
  const signals: Partial<Signals> = {}
  for (const event of events) {
    Object.assign(signals, event.signals)
    for (const name of Object.keys(event.signals ?? {})) lost.delete(name as SignalName)
    for (const name of event.lost ?? []) lost.add(name)
  }
  return { signals: shiftedSignals(signals, shiftMs), ...(lost.size > 0 && { lost: [...lost] }) }
}

function shifted(event: TraceEvent, shiftMs: number): TraceEvent {
  const { atMs, signals, ...rest } = event
  return {
    atMs: atMs - shiftMs,
    ...(signals !== undefined && { signals: shiftedSignals(signals, shiftMs) }),
    ...rest,
  }
}

function shiftedSignals(signals: Partial<Signals>, shiftMs: number): Partial<Signals> {
  const { lastInputAtMs } = signals
  return lastInputAtMs === undefined
    ? signals
    : { ...signals, lastInputAtMs: lastInputAtMs - shiftMs }
}
