/**
 * What came of a replayed day, for people and for programs.
 *
 * @module
 */

import type { ReplayHour, ReplayHours, ReplayScore } from '../harvest/traces/replay.ts'
import type { Simulation } from './commands/harvest-simulate.ts'
import { type Column, tableLines } from './table.ts'

/** The JSON of `brume harvest simulate`. */
export function simulationJson({ about, policy, rows, hours }: Simulation): object {
  return {
    about,
    template: policy.template,
    rows: rows.map(({ name, score }) => ({ name, ...score })),
    hours,
  }
}

/** The lines of `brume harvest simulate`: a picture of the days, then the comparison. */
export function simulationLines(simulation: Simulation, width?: number): readonly string[] {
  const { about, rows, hours } = simulation
  const own = rows[0]?.score
  const days = own === undefined ? 0 : own.days
  return [
    about,
    '',
    ...pictureLines(hours),
    '',
    ...tableLines(
      COLUMNS,
      rows.map(({ name, score }) => [name, ...cells(score)]),
      width,
    ),
    '',
    `minutes, stops and runs are per day, of ${days < 1.05 ? 'a day' : `${days.toFixed(0)} days`}`,
    ...(own === undefined ? [] : ownLines(own)),
  ]
}

const COLUMNS: readonly Column[] = [
  { title: 'policy' },
  { title: 'harvested', align: 'right' },
  { title: 'min in use', align: 'right' },
  { title: 'min in films', align: 'right' },
  { title: 'min beside busy', align: 'right', spare: 2 },
  { title: 'min on battery', align: 'right', spare: 3 },
  { title: 'stops', align: 'right' },
  { title: 'runs < 60 s', align: 'right' },
  { title: 'yields within', align: 'right', spare: 1 },
]

function cells(score: ReplayScore): readonly string[] {
  const { harvestedFraction, inputMinutes, mediaMinutes, busyMinutes, batteryMinutes } = score
  const { stops, shortRuns, yieldP95Ms } = score
  return [
    `${(100 * harvestedFraction).toFixed(1)} %`,
    ...[inputMinutes, mediaMinutes, busyMinutes, batteryMinutes, stops, shortRuns].map((value) =>
      value.toFixed(1),
    ),
    yieldText(yieldP95Ms),
  ]
}

/** A replay is as fine as its ticks, so times are bounds. */
function yieldText(ms: number): string {
  if (ms === 0) return '–'
  return ms >= 60_000 ? 'never' : `${Math.ceil(ms / 1_000)} s`
}

function ownLines({
  zeroSeconds,
  unexplainedSeconds,
  peakCelsius,
}: ReplayScore): readonly string[] {
  const minutes = Math.round(zeroSeconds / 60)
  const explained =
    unexplainedSeconds === 0
      ? 'every second of them with a reason'
      : `${unexplainedSeconds} s of them without a reason`
  return [
    `Brume lent nothing for ${minutes} minutes, ${explained}`,
    ...(peakCelsius === undefined ? [] : [`hottest: ${peakCelsius.toFixed(0)} °C`]),
  ]
}

const BLOCKS = ' ▁▂▃▄▅▆▇█'
const HOURS_A_DAY = 24
/** Days that are drawn; a month of them would fill the screen. */
const DAYS_DRAWN_MAX = 7
/** Cells of an hour, so that the scale above it has room. */
const HOUR_CELLS = 2

/**
 * A block an hour: how much was lent, and under it what people did.
 *
 * The first and the last hour of a trace are often not whole; their levels are of what there was.
 */
function pictureLines(hours: ReplayHours): readonly string[] {
  const scale = Array.from({ length: HOURS_A_DAY }, (_, hour) =>
    hour % 3 === 0 ? String(hour).padEnd(3 * HOUR_CELLS) : '',
  ).join('')
  const days = Math.min(DAYS_DRAWN_MAX, Math.ceil(hours.length / HOURS_A_DAY))
  const left = Math.ceil(hours.length / HOURS_A_DAY) - days
  const rows = Array.from({ length: days }, (_, day) => {
    const ofDay = hours.slice(day * HOURS_A_DAY, (day + 1) * HOURS_A_DAY)
    const row = (cell: (hour: ReplayHour) => string): string =>
      ofDay
        .map((hour) => (hour === undefined ? ' ' : cell(hour)).repeat(HOUR_CELLS))
        .join('')
        .trimEnd()
    return [`lent    ${row(levelBlock)}`, `people  ${row(peopleMark)}`]
  })
  return [
    `hour    ${scale.trimEnd()}`,
    ...rows.flat(),
    ...(left > 0 ? [`and ${left} more days`] : []),
    '        █ lent whole  ▁ a little  ∙ typing  ♪ films  z asleep',
  ]
}

function levelBlock({ level, asleepFraction }: ReplayHour): string {
  if (asleepFraction > 0.99) return ' '
  return BLOCKS[Math.round(level * (BLOCKS.length - 1))] ?? ' '
}

function peopleMark({ inputFraction, mediaFraction, asleepFraction }: ReplayHour): string {
  if (asleepFraction > 0.5) return 'z'
  if (mediaFraction > 0.2) return '♪'
  return inputFraction > 0.01 ? '∙' : ' '
}
