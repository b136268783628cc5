/**
 * What `pmset -g` tells of a Mac: supply, who keeps the display awake, and how far it is throttled.
 *
 * @module
 */

import type { Battery, Inhibitor, PowerSupply } from '../../signals.ts'

export interface MacPower {
  readonly supplies: readonly PowerSupply[]
  readonly batteries: readonly Battery[]
}

/** `pmset -g batt`. Undefined when `text` is something else. */
export function macPower(text: string): MacPower | undefined {
  const source = /^Now drawing from '([^']{1,64})'/m.exec(text)?.[1]
  if (source === undefined) return undefined
  const online = source === 'AC Power'
  const type = source === 'UPS Power' ? 'ups' : 'mains'
  const battery = macBattery(text)
  return {
    supplies: [{ name: source, type, online }],
    batteries: battery === undefined ? [] : [battery],
  }
}

const STATUSES: Readonly<Record<string, Battery['status']>> = {
  charging: 'charging',
  'finishing charge': 'charging',
  discharging: 'discharging',
  charged: 'full',
  'AC attached': 'not-charging',
}

/** ` -InternalBattery-0 (id=4522083)	85%; charging; 1:05 remaining present: true`. */
function macBattery(text: string): Battery | undefined {
  const found = /(InternalBattery-\d+).*?(\d{1,3})%; ([^;]{1,32});/.exec(text)
  const status = STATUSES[found?.[3] ?? '']
  if (found === null || status === undefined) return undefined
  return {
    name: found[1] ?? '',
    chargeFraction: Math.min(100, Number(found[2])) / 100,
    status,
  }
}

/** Programs that are named as keeping the display awake. */
const PROGRAMS_MAX = 16

/** `pmset -g assertions`: who keeps the display awake, as films and calls do. */
export function macInhibitors(text: string): readonly Inhibitor[] | undefined {
  const held = /^\s*PreventUserIdleDisplaySleep\s+(\d+)$/m.exec(text)
  if (held === null) return undefined
  if (Number(held[1]) === 0) return []
  const lines =
    /^\s*pid \d+\(([^)]{1,64})\): .*(?:PreventUserIdleDisplaySleep|NoDisplaySleepAssertion) named:/gm
  const programs = [...text.matchAll(lines)].map(([, by = '']) => by)
  const named = programs.length === 0 ? ['a program'] : programs.slice(0, PROGRAMS_MAX)
  return named.map((by) => ({ what: 'idle', by }))
}

/** `pmset -g therm`: true while the processor is slowed down because of heat. */
export function macThrottled(text: string): boolean | undefined {
  const found = /CPU_Speed_Limit\s*=\s*(\d{1,3})/.exec(text)
  if (found !== null) return Number(found[1]) < 100
  return /No thermal warning level/i.test(text) ? false : undefined
}
