/**
 * Exponential and logarithm whose bits are the same in every engine.
 *
 * ECMAScript leaves the last bits of Math.exp and Math.log to the engine, and a token must not
 * depend on who draws it. Here are only sums, products and square roots of IEEE 754, which are
 * exact to the last bit everywhere. Errors stay below 4 units in the last place of a double.
 *
 * @module
 */

/** exp(x) = 2^(n/64) · exp(r) with |r| <= ln 2 / 128. */
const STEPS = 64

/** What Math.LN2, the double, leaves out of ln 2. */
const LN2_REST = 2.319_046_813_846_3e-17

/** ln 2 / 64 in 36 bits, so that a product with n < 2^17 is exact, and the rest of it. */
const STEP_HIGH: number = Math.round((Math.LN2 / STEPS) * 2 ** 42) / 2 ** 42
const STEP_LOW: number = Math.LN2 / STEPS - STEP_HIGH + LN2_REST / STEPS
const STEPS_PER_NAT: number = STEPS / Math.LN2

/** Below it exp is no normal double any more; 0 is returned. */
const EXPONENT_MIN = -708

/** 2^(i/64), from square roots of 2. */
const FRACTIONS: Float64Array = Float64Array.from({ length: STEPS }, (_, index) => {
  let power = 1
  let root = 2
  for (let bit = STEPS / 2; bit >= 1; bit /= 2) {
    root = Math.sqrt(root)
    if ((index & bit) !== 0) power *= root
  }
  return power
})

/** 2^-i. */
const HALVES: Float64Array = Float64Array.from({ length: 1_024 }, (_, index) => 2 ** -index)

/**
 * e^x for x <= 0, and 0 where the result would be smaller than a normal double.
 *
 * Reduction by a table (Tang, "Table-driven implementation of the exponential function", ACM TOMS 15(2), 1989).
 *
 * @example
 * ```ts
 * expOf(0) // => 1
 * expOf(-1_000) // => 0
 * ```
 */
export function expOf(x: number): number {
  if (!(x >= EXPONENT_MIN)) return 0
  // Truncation of a negative number, half a step lower: the nearest step.
  const n = (x * STEPS_PER_NAT - 0.5) | 0
  const r = x - n * STEP_HIGH - n * STEP_LOW
  const series = 1 + r * (1 + r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120)))))
  return (FRACTIONS[n & 63] as number) * (HALVES[-(n >> 6)] as number) * series
}

/**
 * The natural logarithm of a positive, finite number.
 *
 * ln m = 2 artanh((m - 1) / (m + 1)) for m within a factor of √2 of 1; powers of two are taken out first.
 *
 * @example
 * ```ts
 * logOf(1) // => 0
 * ```
 */
export function logOf(x: number): number {
  let mantissa = x
  let exponent = 0
  for (; mantissa > Math.SQRT2; exponent++) mantissa /= 2
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  let series = 0
  for (let odd = 21; odd >= 3; odd -= 2) series = (series + 1 / odd) * square
  return exponent * Math.LN2 + 2 * (s + s * series)
}
