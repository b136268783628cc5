/**
 * Heat: the level sinks before the device is hot, and nothing runs while it is.
 *
 * Each zone is looked at as it will be in a minute if it goes on as it does, the way
 * Android's thermal headroom does (`PowerManager.getThermalHeadroom`). Between its
 * soft and its hard limit the level falls from 1 to 0; it may fall fast and rises
 * slowly. At the hard limit itself it is 0 at once, and stays so for a while.
 *
 * @module
 */

import { type Latch, LATCH_OFF, latchEndMs, type LatchTimes, stepLatch } from '../governor/latch.ts'
import type { Resource } from '../levels.ts'
import type { ThermalZone } from '../signals.ts'
import { type Cap, NO_CAPS, onBoth, rule, share, valueOf, type View } from './rule.ts'
import { type ThermalLimits, thermalLimits } from './thermal-limits.ts'

interface ZoneState {
  readonly readAtMs: number
  readonly celsius: number
  /** Degrees a millisecond, averaged. */
  readonly slope: number
  readonly level: number
  readonly hard: Latch
  /** Since when it has shown exactly this, and between which means the use of the processor was since then. */
  readonly same: { readonly sinceMs: number; readonly least: number; readonly most: number }
}

interface ThermalState {
  /** By the name of the zone. */
  readonly zones: Readonly<Record<string, ZoneState>>
  /** Use of the processor, averaged. */
  readonly use: number
}

export const temperature = rule<ThermalState>({
  name: 'temperature',
  initial: { zones: {}, use: 0 },
  step: (state, view) => {
    const reading = view.readings.thermal
    const shown = reading.quality === 'known' ? reading.value : []
    const use = meanUse(state.use, view)
    const zones: Record<string, ZoneState> = {}
    const caps: Cap[] = []
    let alive = 0
    for (const zone of shown) {
      const limits = thermalLimits(zone, view)
      if (limits === undefined || reading.quality !== 'known') continue
      const now = { zone, limits, readAtMs: reading.atMs, use }
      const stepped = stepZone(state.zones[zone.name], now, view)
      zones[zone.name] = stepped
      if (!isStuck(stepped, view)) alive++
      caps.push(...zoneCaps(stepped, { zone, limits }, view))
    }
    if (alive > 0) return { state: { zones, use }, caps }
    const kept = { ...cooled(state.zones, view), ...zones }
    return { state: { zones: kept, use }, caps: [...caps, ...unreadCaps(kept, view)] }
  },
})

interface ZoneReading {
  readonly zone: ThermalZone
  readonly limits: ThermalLimits
  readonly readAtMs: number
  readonly use: number
}

/** Over how long the use of the processor is averaged, in ms: shorter spikes move no sensor. */
const USE_MS = 60_000
/** A sensor that shows one value while the use of the processor moved by this much is dead. */
const USE_SPAN = 0.5

function meanUse(before: number, view: View): number {
  const busy = valueOf(view, 'cpu')?.busyFraction ?? before
  return before + (busy - before) * (1 - Math.exp(-view.elapsedMs / USE_MS))
}

function sameAfter(before: ZoneState | undefined, celsius: number, { nowMs, use }: Moment) {
  if (before === undefined || before.celsius !== celsius) {
    return { sinceMs: nowMs, least: use, most: use }
  }
  const { sinceMs, least, most } = before.same
  return { sinceMs, least: Math.min(least, use), most: Math.max(most, use) }
}

interface Moment {
  readonly nowMs: number
  readonly use: number
}

function isStuck({ same }: ZoneState, { nowMs, policy }: View): boolean {
  return nowMs - same.sinceMs >= policy.thermalStuckMs && same.most - same.least > USE_SPAN
}

function stepZone(
  before: ZoneState | undefined,
  { zone, limits, readAtMs, use }: ZoneReading,
  view: View,
): ZoneState {
  const { nowMs, elapsedMs, policy } = view
  const { celsius } = zone
  const slope = slopeAfter(before, celsius, { readAtMs, smoothingMs: policy.thermalSmoothingMs })
  const raise = celsius >= limits.hardCelsius
  const hard = stepLatch(
    before?.hard ?? LATCH_OFF,
    { nowMs, elapsedMs, raise, clear: celsius < limits.resumeCelsius },
    latchTimes(view),
  )
  const wanted = headroom(forecast(celsius, slope, view), limits)
  const urgent = isUrgent(celsius, slope, limits)
  const level = hard.on ? 0 : slewed(before?.level ?? 1, { wanted, urgent }, view)
  const same = sameAfter(before, celsius, { nowMs, use })
  return { readAtMs, celsius, slope, level, hard, same }
}

function latchTimes({ policy }: View): LatchTimes {
  return { raiseMs: 0, clearMs: 0, dwellMs: policy.thermalGuardMs }
}

/** A reading that is only repeated says nothing new about the slope. */
function slopeAfter(
  before: ZoneState | undefined,
  celsius: number,
  { readAtMs, smoothingMs }: { readonly readAtMs: number; readonly smoothingMs: number },
): number {
  if (before === undefined) return 0
  const spanMs = readAtMs - before.readAtMs
  if (spanMs <= 0) return before.slope
  const weight = 1 - Math.exp(-spanMs / Math.max(1, smoothingMs))
  return before.slope + weight * ((celsius - before.celsius) / spanMs - before.slope)
}

/** Where the zone will be; cooling is not counted on. */
function forecast(celsius: number, slope: number, { policy }: View): number {
  return celsius + policy.thermalForecastMs * Math.max(0, slope)
}

function headroom(celsius: number, { softCelsius, hardCelsius }: ThermalLimits): number {
  return Math.min(1, Math.max(0, (hardCelsius - celsius) / (hardCelsius - softCelsius)))
}

/** How far ahead urgency looks, in ms, and which part of the way to the hard limit is too near to it. */
const URGENT_MS = 10_000
const URGENT_PART = 0.25

/**
 * True when the hard limit is near. Until then a level sinks slowly: what heats a small device fast
 * is often only that the level has just risen, and a fall at full speed would make it swing.
 */
function isUrgent(
  celsius: number,
  slope: number,
  { softCelsius, hardCelsius }: ThermalLimits,
): boolean {
  const nearCelsius = hardCelsius - URGENT_PART * (hardCelsius - softCelsius)
  return celsius >= nearCelsius || celsius + URGENT_MS * Math.max(0, slope) >= hardCelsius
}

interface Aim {
  readonly wanted: number
  readonly urgent: boolean
}

function slewed(level: number, { wanted, urgent }: Aim, { policy, elapsedMs }: View): number {
  const seconds = elapsedMs / 1_000
  const up = share(policy.thermalUpPercentPerSecond) * seconds
  if (wanted >= level) return Math.min(wanted, level + up)
  const down = urgent ? share(policy.thermalDownPercentPerSecond) * seconds : 2 * up
  return Math.max(wanted, level - down)
}

function zoneCaps(
  state: ZoneState,
  { zone, limits }: Pick<ZoneReading, 'zone' | 'limits'>,
  view: View,
): readonly Cap[] {
  const { level, hard, slope, celsius } = state
  if (level >= 1) return NO_CAPS
  const ahead = forecast(celsius, slope, view)
  const cause = {
    cap: level,
    signal: 'thermal' as const,
    unblocks: `${zone.name} is below ${hard.on ? limits.resumeCelsius : limits.softCelsius} °C`,
    detail: `${zone.name} ${celsius.toFixed(0)} °C, ${ahead.toFixed(0)} °C in a while`,
    ...codeOf(state, { ahead, limits, view }),
  }
  if (zone.part === 'battery') return onBoth(cause)
  const resource: Resource = zone.part === 'gpu' ? 'gpu' : 'cpu'
  return [{ ...cause, resource }]
}

interface Outlook {
  readonly ahead: number
  readonly limits: ThermalLimits
  readonly view: View
}

function codeOf(
  { hard, celsius }: ZoneState,
  { ahead, limits, view }: Outlook,
): Pick<Cap, 'code' | 'after' | 'untilMs'> {
  const { nowMs } = view
  if (hard.on && celsius >= limits.resumeCelsius) return { code: 'TEMP_HARD' }
  if (hard.on) {
    const untilMs = latchEndMs(hard, nowMs, latchTimes(view))
    return { code: 'DWELL', after: 'TEMP_HARD', untilMs }
  }
  if (celsius >= limits.softCelsius) return { code: 'TEMP_SOFT' }
  return ahead >= limits.softCelsius
    ? { code: 'TEMP_FORECAST' }
    : { code: 'DWELL', after: 'TEMP_FORECAST' }
}

/** Nothing can be read: a zone that was too hot stays so, for its dwell at least. */
function cooled(zones: ThermalState['zones'], view: View): ThermalState['zones'] {
  const hot = Object.entries(zones).filter(
    ([, { hard }]) => hard.on && view.nowMs < hard.sinceMs + view.policy.thermalGuardMs,
  )
  return Object.fromEntries(hot)
}

function unreadCaps(zones: ThermalState['zones'], view: View): readonly Cap[] {
  const hot = Object.values(cooled(zones, view)).length > 0
  return onBoth({
    cap: hot ? 0 : share(view.policy.thermalUnknownPercent),
    code: 'SENSOR_STALE',
    signal: 'thermal',
    unblocks: 'a temperature can be read, and moves when the processor works',
  })
}
