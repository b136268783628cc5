/**
 * Sizes and durations as people write them.
 *
 * @module
 */

const BYTE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
}

const TIME_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** What a number counts, or undefined for a plain number. */
export type QuantityUnit = 'bytes' | 'ms' | undefined

/**
 * The number that `text` stands for, in bytes or milliseconds, or undefined when it is none.
 *
 * @example
 * ```ts
 * parseQuantity('4GiB', 'bytes') // => 4294967296
 * parseQuantity('1.5 s', 'ms') // => 1500
 * parseQuantity('7', undefined) // => 7
 * parseQuantity('7s', 'bytes') // => undefined
 * ```
 */
export function parseQuantity(text: string, unit: QuantityUnit): number | undefined {
  const match = /^(\d{1,16}(?:_\d{3})*(?:\.\d{1,9})?)\s?([A-Za-z]{0,3})$/.exec(text.trim())
  if (match === null) return undefined
  const [, digits = '', suffix = ''] = match
  const factor = suffix === '' ? 1 : unitsOf(unit)[suffix]
  if (factor === undefined) return undefined
  return Number(digits.replaceAll('_', '')) * factor
}

function unitsOf(unit: QuantityUnit): Readonly<Record<string, number>> {
  if (unit === 'bytes') return BYTE_UNITS
  return unit === 'ms' ? TIME_UNITS : {}
}
