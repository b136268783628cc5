/**
 * Hours of the week, as people write them: `22:00-07:00`, `mon-fri 18:00-08:00`, `sat 10:00-12:00`.
 *
 * A window that ends before it begins reaches into the next day. Its days are
 * those on which it begins.
 *
 * @module
 */

export interface TimeWindow {
  /** Days on which it begins, 0 for Monday. */
  readonly days: readonly number[]
  /** Minute of the day, from 0. */
  readonly fromMinute: number
  readonly lengthMinutes: number
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const DAY_MINUTES = 1_440
const WEEK_MINUTES = 7 * DAY_MINUTES

/**
 * The window that `text` stands for, or undefined when it is none.
 *
 * @example
 * ```ts
 * parseTimeWindow('fri-sat 22:00-07:00') // => { days: [4, 5], fromMinute: 1320, lengthMinutes: 540 }
 * parseTimeWindow('25:00-07:00') // => undefined
 * ```
 */
export function parseTimeWindow(text: string): TimeWindow | undefined {
  const match =
    /^(?:([a-z]{3})(?:-([a-z]{3}))? )?([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/.exec(
      text.trim(),
    )
  if (match === null) return undefined
  const [, first = 'mon', last, fromHour, fromMinutes, toHour, toMinutes] = match
  const days = daysOf(first, last ?? (match[1] === undefined ? 'sun' : first))
  const fromMinute = 60 * Number(fromHour) + Number(fromMinutes)
  const toMinute = 60 * Number(toHour) + Number(toMinutes)
  if (days === undefined || toMinute > DAY_MINUTES) return undefined
  const length = (toMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES
  return { days, fromMinute, lengthMinutes: length === 0 ? DAY_MINUTES : length }
}

/**
 * Minutes until `window` ends when `minuteOfWeek` (0 is Monday, 00:00) lies in it, else 0.
 *
 * @example
 * ```ts
 * const night = parseTimeWindow('22:00-07:00')
 * minutesLeft(night, 60) // => 360
 * minutesLeft(night, 720) // => 0
 * ```
 */
export function minutesLeft(window: TimeWindow | undefined, minuteOfWeek: number): number {
  const { days = [], fromMinute = 0, lengthMinutes = 0 } = window ?? {}
  return days.reduce((left, day) => {
    const begin = day * DAY_MINUTES + fromMinute
    const into = (minuteOfWeek - begin + WEEK_MINUTES) % WEEK_MINUTES
    return Math.max(left, into < lengthMinutes ? lengthMinutes - into : 0)
  }, 0)
}

/** Minutes until `window` begins again; 0 while `minuteOfWeek` lies in it. */
export function minutesUntil(window: TimeWindow, minuteOfWeek: number): number {
  if (minutesLeft(window, minuteOfWeek) > 0) return 0
  return window.days.reduce((least, day) => {
    const begin = day * DAY_MINUTES + window.fromMinute
    return Math.min(least, (begin - minuteOfWeek + WEEK_MINUTES) % WEEK_MINUTES)
  }, WEEK_MINUTES)
}

function daysOf(first: string, last: string): readonly number[] | undefined {
  const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)]
  if (from < 0 || to < 0) return undefined
  const count = ((to - from + DAYS.length) % DAYS.length) + 1
  return Array.from({ length: count }, (_, index) => (from + index) % DAYS.length)
}
