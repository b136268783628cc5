/**
 * Numbers and tables as people read them.
 *
 * @module
 */

/**
 * Bytes with a unit, to two or three digits.
 *
 * @example
 * ```ts
 * bytesText(4_745_517) // => '4.7 MB'
 * bytesText(999) // => '999 B'
 * ```
 */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${short(value, unit === 0)} ${units[unit]}`
}

/**
 * A duration in milliseconds, or in seconds from ten on.
 *
 * @example
 * ```ts
 * durationText(0.234) // => '0.2 ms'
 * durationText(12_340) // => '12 s'
 * ```
 */
export function durationText(ms: number): string {
  return ms < 999.5 ? `${short(ms)} ms` : `${short(ms / 1000)} s`
}

/**
 * Inputs or tokens in a second, to three digits.
 *
 * @example
 * ```ts
 * rateText(14.63, 'token') // => '14.6 tokens a second'
 * rateText(2766.4, 'input') // => '2766 inputs a second'
 * ```
 */
export function rateText(perSecond: number, noun: 'input' | 'token'): string {
  const value = perSecond < 100 ? Number(perSecond.toPrecision(3)) : Math.round(perSecond)
  return `${value} ${noun}s a second`
}

/**
 * Rows as lines of equal columns; columns of numbers are aligned to the right.
 *
 * @example
 * ```ts
 * tableLines([['to', 'bytes'], ['A', '7'], ['B', '12']]) // => ['to  bytes', 'A       7', 'B      12']
 * ```
 */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const columns = Array.from({ length: count }, (_, at) => {
    const cells = rows.map((row) => row[at] ?? '')
    const numbers = cells.slice(1).every((cell) => cell === '' || /^[\d–-]/.test(cell))
    return { width: Math.max(...cells.map((cell) => cell.length)), numbers: numbers && at > 0 }
  })
  return rows.map((row) =>
    columns
      .map(({ width, numbers }, at) =>
        numbers ? (row[at] ?? '').padStart(width) : (row[at] ?? '').padEnd(width),
      )
      .join('  ')
      .trimEnd(),
  )
}

/** One digit after the point below ten, none from ten on. */
function short(value: number, whole = false): string {
  return whole || value >= 9.95 ? value.toFixed(0) : value.toFixed(1)
}
