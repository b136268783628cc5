/**
 * The random number of a position: a function of seed and position, with no state between draws.
 *
 * A stage that takes over in the middle of a text, or verifies a draft, therefore draws what the
 * first one would have drawn. The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * @module
 */

/** Four words of 32 bits. */
export type PhiloxCounter = readonly [number, number, number, number]

/** Two words of 32 bits. */
export type PhiloxKey = readonly [number, number]

const ROUNDS = 10
const FACTOR_0 = 0xd2511f53
const FACTOR_1 = 0xcd9e8d57
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85

/** One block of Philox4x32-10. */
export function philox(counter: PhiloxCounter, key: PhiloxKey): PhiloxCounter {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(FACTOR_0, c0)
    const high1 = multiplyHigh(FACTOR_1, c2)
    const low0 = Math.imul(FACTOR_0, c0)
    const low1 = Math.imul(FACTOR_1, c2)
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1 >>> 0
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0 >>> 0
    k0 = (k0 + WEYL_0) >>> 0
    k1 = (k1 + WEYL_1) >>> 0
  }
  return [c0, c1, c2, c3]
}

/**
 * The draw of `position` under `seed`, both in [0, 2^53): one of 2^53 evenly spaced values of [0, 1).
 *
 * Key and counter are seed and position, low word first; the two upper words of the counter are 0.
 *
 * @example
 * ```ts
 * uniformAt(0, 0) // => 0.39904647231489565
 * ```
 */
export function uniformAt(seed: number, position: number): number {
  const [high, low] = philox(
    [position >>> 0, upperWord(position), 0, 0],
    [seed >>> 0, upperWord(seed)],
  )
  // 27 bits and 26 bits: together exactly the 53 of a double's fraction.
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
}

function upperWord(value: number): number {
  return Math.floor(value / 2 ** 32) >>> 0
}

/** The upper 32 bits of a product of two unsigned words, by halves of 16 bits. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  const bHigh = b >>> 16
  const bLow = b & 0xffff
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 65_536)
  // Below 2^49: exact as a double, and so is the sum of its lower half with the other cross product.
  const carried = aLow * bHigh + (middle % 65_536)
  return (aHigh * bHigh + Math.floor(middle / 65_536) + Math.floor(carried / 65_536)) >>> 0
}
