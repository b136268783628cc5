/**
 * Roots and logarithms of integers, exact to the last bit on every platform.
 *
 * What the language leaves to the platform (powers, logarithms) is not used; a root of the platform
 * is only a first guess.
 *
 * @module
 */

/** The largest integer whose square is at most `value`, an integer in [0, 2^53). */
export function integerRoot(value: number): number {
  let root = Math.floor(Math.sqrt(value))
  while (root * root > value) root--
  while ((root + 1) * (root + 1) <= value) root++
  return root
}

const FRACTION_BITS = 16
const MANTISSA_ONE: number = 2 ** 25

/**
 * The binary logarithm of `value`, an integer in [1, 2^53), in 65,536ths, rounded down.
 *
 * Each squaring of the mantissa gives one bit; products stay below 2^52 because the mantissa
 * is kept to 25 bits below the point.
 *
 * @example
 * ```ts
 * log2Q16(1024) // => 655360
 * ```
 */
export function log2Q16(value: number): number {
  let whole = 0
  let power = 1
  while (power * 2 <= value) {
    power *= 2
    whole++
  }
  let mantissa = Math.floor((value / power) * MANTISSA_ONE)
  let result = whole * 2 ** FRACTION_BITS
  for (let bit = 2 ** (FRACTION_BITS - 1); bit >= 1; bit /= 2) {
    mantissa = Math.floor((mantissa * mantissa) / MANTISSA_ONE)
    if (mantissa >= 2 * MANTISSA_ONE) {
      mantissa = Math.floor(mantissa / 2)
      result += bit
    }
  }
  return result
}
