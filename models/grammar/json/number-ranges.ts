/**
 * Numbers between bounds as expressions over their digits.
 *
 * @module
 */

import {
  choice,
  classOf,
  literal,
  optional,
  repeat,
  sequence,
  type Expression,
} from '../expression.ts'

/** The bounds of a number. They are whole and have at most 15 digits; without one it may have sixteen. */
export interface NumberBounds {
  readonly low: Bound | undefined
  readonly high: Bound | undefined
}

export interface Bound {
  readonly at: number
  /** Whether the bound itself is left out. */
  readonly exclusive: boolean
}

/** Digits that a double tells apart: more behind the point could round a number to a bound that is left out. */
const DIGITS_EXACT = 15
const LARGEST = 9_999_999_999_999_999n
const DIGIT = classOf([0x30, 0x39])
/** Integers within `bounds`; undefined when there is none. */
export function integersWithin({ low, high }: NumberBounds): Expression | undefined {
  const from = low === undefined ? -LARGEST : BigInt(low.at) + (low.exclusive ? 1n : 0n)
  const to = high === undefined ? LARGEST : BigInt(high.at) - (high.exclusive ? 1n : 0n)
  const options = [
    negative(digitsBetween(to < 0n ? -to : 1n, -from)),
    digitsBetween(from > 0n ? from : 0n, to),
  ].filter((option) => option !== undefined)
  return options.length === 0 ? undefined : choice(...options)
}

/** Numbers within `bounds`, without exponents; undefined when there is none. */
export function numbersWithin({ low, high }: NumberBounds): Expression | undefined {
  const from = low ?? { at: -Number(LARGEST), exclusive: false }
  const to = high ?? { at: Number(LARGEST), exclusive: false }
  const digits = [low, high].map((bound) => String(Math.abs(bound?.at ?? 0)).length)
  const places = Math.max(0, DIGITS_EXACT - Math.max(...digits))
  const zero = { at: 0, exclusive: false }
  const aboveZero = { at: 0, exclusive: true }
  const below =
    from.at < 0 ? magnitudes(to.at < 0 ? turned(to) : aboveZero, turned(from), places) : undefined
  const above = to.at >= 0 ? magnitudes(from.at >= 0 ? from : zero, to, places) : undefined
  const options = [negative(below), above].filter((option) => option !== undefined)
  return options.length === 0 ? undefined : choice(...options)
}

function turned({ at, exclusive }: Bound): Bound {
  return { at: -at, exclusive }
}

function negative(magnitude: Expression | undefined): Expression | undefined {
  return magnitude === undefined ? undefined : sequence(literal('-'), magnitude)
}

/** Numbers of [low, high], both at least 0, with up to `places` digits behind the point: by their whole part, the ends apart. */
function magnitudes(low: Bound, high: Bound, places: number): Expression | undefined {
  if (low.at > high.at) return undefined
  const whole = fraction(literal('0'), places)
  if (low.at === high.at) {
    return low.exclusive || high.exclusive ? undefined : sequence(literal(String(low.at)), whole)
  }
  const any = fraction(DIGIT, places)
  const between = digitsBetween(BigInt(low.at) + 1n, BigInt(high.at) - 1n)
  const options: Expression[] = []
  if (!low.exclusive) options.push(sequence(literal(String(low.at)), any))
  else if (places > 0) options.push(sequence(literal(String(low.at)), someFraction(places)))
  if (between !== undefined) options.push(sequence(between, any))
  if (!high.exclusive) options.push(sequence(literal(String(high.at)), whole))
  return options.length === 0 ? undefined : choice(...options)
}

/** Nothing, or a point and up to `places` digits. */
function fraction(digit: Expression, places: number): Expression {
  return places === 0 ? literal('') : optional(sequence(literal('.'), repeat(digit, 1, places)))
}

/** A point and up to `places` digits, not all of them 0. */
function someFraction(places: number): Expression {
  const zeros = places >> 1
  const digits = places - 1 - zeros
  return sequence(
    literal('.'),
    repeat(literal('0'), 0, zeros),
    classOf([0x31, 0x39]),
    repeat(DIGIT, 0, digits),
  )
}

/** Integers of [low, high], both at least 0, without leading zeros; undefined when there is none. */
function digitsBetween(low: bigint, high: bigint): Expression | undefined {
  if (low > high) return undefined
  const options: Expression[] = []
  for (let from = low; from <= high;) {
    const last = 10n ** BigInt(String(from).length) - 1n
    const to = last < high ? last : high
    options.push(sameLength(String(from), String(to)))
    from = to + 1n
  }
  return choice(...options)
}

/** Digit strings from `low` to `high`, which are as long as one another. */
function sameLength(low: string, high: string): Expression {
  const lowFirst = Number(low[0])
  const highFirst = Number(high[0])
  const rest = low.length - 1
  if (low === high) return literal(low)
  if (/^0*$/.test(low.slice(1)) && /^9*$/.test(high.slice(1))) return led(lowFirst, highFirst, rest)
  if (lowFirst === highFirst) {
    return sequence(literal(String(lowFirst)), sameLength(low.slice(1), high.slice(1)))
  }
  const options = [
    sequence(literal(String(lowFirst)), sameLength(low.slice(1), '9'.repeat(rest))),
    sequence(literal(String(highFirst)), sameLength('0'.repeat(rest), high.slice(1))),
  ]
  if (highFirst - lowFirst > 1) options.push(led(lowFirst + 1, highFirst - 1, rest))
  return choice(...options)
}

/** A first digit of [low, high], then any `rest`. */
function led(low: number, high: number, rest: number): Expression {
  return sequence(classOf([0x30 + low, 0x30 + high]), repeat(DIGIT, rest, rest))
}
