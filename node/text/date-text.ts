/**
 * Dates in the form that chat templates ask for (strftime of C).
 *
 * @module
 */

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const PARTS: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getFullYear()),
  m: (date) => twoDigits(date.getMonth() + 1),
  d: (date) => twoDigits(date.getDate()),
  H: (date) => twoDigits(date.getHours()),
  M: (date) => twoDigits(date.getMinutes()),
  S: (date) => twoDigits(date.getSeconds()),
  B: (date) => MONTHS[date.getMonth()] ?? '',
  b: (date) => (MONTHS[date.getMonth()] ?? '').slice(0, 3),
  A: (date) => DAYS[date.getDay()] ?? '',
  a: (date) => (DAYS[date.getDay()] ?? '').slice(0, 3),
  '%': () => '%',
}

/** The date, in the time of this device; letters that are not known stay as they are. */
export function dateText(format: string, date: Date): string {
  return format.replaceAll(/%(.)/g, (whole, part: string) => {
    const write = Object.hasOwn(PARTS, part) ? PARTS[part] : undefined
    return write?.(date) ?? whole
  })
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
