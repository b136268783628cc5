/**
 * Which readings may be believed: those that are young enough and possible at all.
 *
 * @module
 */

import type { HarvestPolicy } from '../../../config/index.ts'
import type { Decision } from '../decision.ts'
import { type Reading, unknown } from '../reading.ts'
import type { Sample, SignalName, Signals } from '../signals.ts'
import type { TrustedReadings } from '../rules/rule.ts'
import { SIGNAL_CHECKS, type SignalCheck } from './signal-checks.ts'

/** Signals that are read rarely, because they change rarely or cost much. */
const SLOW: ReadonlySet<SignalName> = new Set(['exclusiveApps', 'network', 'disk', 'board'])
/** Signals that hold until they are replaced: a wish, a measurement, what our own executors do. */
const LASTING: ReadonlySet<SignalName> = new Set(['wish', 'isolation', 'work'])

const NAMES = Object.keys(SIGNAL_CHECKS) as readonly SignalName[]
const ABSENT = unknown()
const IMPOSSIBLE = unknown('not a possible value')

/** Every signal of `sample`, as far as it may be believed. */
export function trustedReadings(sample: Sample, policy: HarvestPolicy): TrustedReadings {
  const trusted: Partial<Record<SignalName, Reading<unknown>>> = {}
  for (const name of NAMES) trusted[name] = trusted1(name, sample, policy)
  return trusted as TrustedReadings
}

function trusted1<Name extends SignalName>(
  name: Name,
  { readings, nowMs }: Sample,
  policy: HarvestPolicy,
): Reading<Signals[Name]> {
  const reading: Reading<Signals[Name]> | undefined = readings[name]
  if (reading === undefined) return ABSENT
  if (reading.quality === 'unknown') return reading
  const check: SignalCheck<Name> = SIGNAL_CHECKS[name]
  const read: Signals[Name] | null | undefined = reading.value
  const value = read === undefined || read === null ? undefined : check(read, nowMs)
  if (value === undefined || !Number.isFinite(reading.atMs)) return IMPOSSIBLE
  if (reading.quality === 'stale') return { ...reading, value }
  const ageMs = nowMs - reading.atMs
  if (!LASTING.has(name) && ageMs > ageMsMax(name, policy)) {
    return { quality: 'stale', value, atMs: reading.atMs, why: `last read ${ageText(ageMs)} ago` }
  }
  return value === reading.value ? reading : { ...reading, value }
}

function ageMsMax(name: SignalName, policy: HarvestPolicy): number {
  return SLOW.has(name) ? policy.slowSignalStaleMs : policy.signalStaleMs
}

function ageText(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
}

/** The signals that were read once, or should have been, and cannot be believed. */
export function distrusted(readings: TrustedReadings): Decision['distrusted'] {
  return NAMES.flatMap((signal) => {
    const reading = readings[signal]
    if (reading.quality === 'known') return []
    if (reading.quality === 'stale') return [{ signal, why: reading.why ?? 'its source failed' }]
    return reading.why === undefined ? [] : [{ signal, why: reading.why }]
  })
}
