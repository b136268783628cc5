/**
 * What is lent and why not more, as text for people.
 *
 * @module
 */

import type { DecisionView, HarvestView, LimitsView } from '../api/schemas/harvest.ts'
import { msText } from './quantity-text.ts'
import { tableLines } from './table.ts'

/** Who reads it, and when. */
export interface ReportMoment {
  readonly nowMs: number
  readonly width: number | undefined
}

export function harvestLines(view: HarvestView, moment: ReportMoment): readonly string[] {
  const stale = view.signals.filter(({ quality }) => quality === 'stale')
  return [
    ...decisionLines(view, moment),
    ...wishLines(view, moment),
    `  stays    5 min ${percent(view.forecast.staysFor5min)} · 15 min ${percent(view.forecast.staysFor15min)} · 1 h ${percent(view.forecast.staysFor60min)}, by habit`,
    `  device   ${view.deviceClass}, numbers of template ${view.template}: brume limits`,
    ...stale.map(({ name, why = 'too old' }) => `  signal   ${name} is not believed: ${why}`),
  ]
}

/** State and levels, then each reason with what ends it. */
export function decisionLines(decision: DecisionView, moment: ReportMoment): readonly string[] {
  const { state, sinceMs, levels, reasons, givingBack, leaseMs } = decision
  const leaving = [givingBack.cpu, givingBack.gpu].filter((step) => step !== 'none')
  return [
    `${state} since ${timeText(sinceMs)} (${msText(Math.max(0, moment.nowMs - sinceMs))})`,
    `  lends    ${Object.entries(levels)
      .filter(([resource]) => resource !== 'lease')
      .map(([resource, level]) => `${resource} ${percent(level)}`)
      .join(' · ')}`,
    `  lease    ${leaseMs === 0 ? 'none' : `up to ${msText(leaseMs)}`}`,
    ...(leaving.length === 0 ? [] : [`  giving   back: ${leaving.join(', ')}`]),
    ...reasonLines(reasons, moment),
  ]
}

function reasonLines(
  reasons: DecisionView['reasons'],
  { nowMs, width }: ReportMoment,
): readonly string[] {
  if (reasons.length === 0) return ['  reasons  none: all of it is lent']
  const rows = reasons.map((reason) => [
    reason.code,
    reason.resource,
    `≤ ${percent(reason.cap)}`,
    timeText(reason.sinceMs),
    reason.untilMs === undefined ? '' : `in ${msText(Math.max(0, reason.untilMs - nowMs))}`,
    reason.detail === undefined ? reason.meaning : `${reason.meaning} (${reason.detail})`,
    reason.unblocks,
  ])
  return tableLines(
    [
      { title: 'reason' },
      { title: 'caps' },
      { title: 'at', align: 'right' },
      { title: 'since', spare: 1 },
      { title: 'ends', align: 'right' },
      { title: 'because', spare: 2 },
      { title: 'until' },
    ],
    rows,
    width === undefined ? undefined : width - 2,
  ).map((line) => `  ${line.trimEnd()}`)
}

function wishLines({ wish }: HarvestView, { nowMs }: ReportMoment): readonly string[] {
  if (wish.mode === 'none') return []
  const until =
    wish.untilMs === undefined
      ? 'until brume resume'
      : `for ${msText(Math.max(0, wish.untilMs - nowMs))} more`
  const words = { pause: 'paused', finish: 'finishing, nothing new is taken', boost: 'boosted' }
  return [`  you      ${words[wish.mode]} ${until}`]
}

export function limitsLines(limits: LimitsView, moment: ReportMoment): readonly string[] {
  const { deviceClass, template, applies, levels, numbers } = limits
  const shares = Object.entries(levels)
    .filter(([resource]) => resource !== 'lease')
    .map(([resource, level]) => `${resource} ${percent(level)}`)
  return [
    applies
      ? `template ${template} applies (the device is of class ${deviceClass})`
      : `template ${template} would apply with harvest.template = "${template}"`,
    `  now      ${shares.join(' · ')}`,
    ...reasonLines(limits.reasons, moment),
    '',
    ...tableLines(
      [{ title: 'harvest.' }, { title: 'value', align: 'right' }],
      Object.entries(numbers).map(([name, value]) => [name, valueText(name, value)]),
    ).map((line) => `  ${line.trimEnd()}`),
  ]
}

function valueText(name: string, value: LimitsView['numbers'][string]): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  if (typeof value !== 'number') return String(value)
  if (/Ms(?:Max)?$/.test(name)) return value === 0 ? '0' : msText(value)
  if (/Percent(?:Min|Max)?$/.test(name)) return `${value} %`
  return name.endsWith('Celsius') ? `${value} °C` : String(value)
}

function percent(level: number): string {
  return `${Math.round(level * 100)} %`
}

/** `14:05:09`, in the time of where this is read. */
function timeText(wallMs: number): string {
  return new Date(wallMs).toTimeString().slice(0, 8)
}
