/**
 * Weights from a seed and a name: any peer makes any tensor by itself, bit for bit.
 *
 * Each tensor has its own xoshiro128** generator, seeded by SHA-256 of "seed:name". Only
 * integer sums and IEEE 754 products and square roots are used, which no platform rounds
 * in its own way; cosines and powers of the language's library are not among those.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'

/** Where the numbers of one model come from. */
export interface WeightSource {
  readonly seed: number
  readonly sha256: Sha256
}

/** How weights are spread around their mean. */
export interface Spread {
  readonly mean: number
  readonly deviation: number
}

/**
 * `count` values that are nearly normal: sums of four uniform draws (Irwin and Hall).
 *
 * The draws are those of SeededRandom with the same state; here they stay in registers, for
 * models have hundreds of millions of weights.
 */
export function seededWeights(
  { seed, sha256 }: WeightSource,
  name: string,
  count: number,
  { mean, deviation }: Spread,
): Float32Array {
  const digest = sha256(utf8(`${seed}:${name}`))
  const state = new DataView(digest.buffer, digest.byteOffset, 16)
  let a = state.getUint32(0, true) | 0
  let b = state.getUint32(4, true) | 0
  let c = state.getUint32(8, true) | 0
  let d = state.getUint32(12, true) | 0
  const draw = (): number => {
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result
  }
  // A sum of four draws from 0 to 65,535 has this mean, and a deviation of 65,536 · √(4/12).
  const center = 131_070
  const scale = deviation / (65_536 * Math.sqrt(4 / 12))
  const values = new Float32Array(count)
  for (let index = 0; index < count; index++) {
    const first = draw()
    const second = draw()
    const sum = (first & 65_535) + (first >>> 16) + (second & 65_535) + (second >>> 16)
    values[index] = mean + (sum - center) * scale
  }
  return values
}

/** `rows` rows of `columns` turned into `columns` rows of `rows`. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = values[row * columns + column] ?? 0
    }
  }
  return turned
}

/** What turns positions into angles. */
export interface Rotary {
  /** Rows of the tables. */
  readonly positions: number
  readonly headSize: number
  readonly theta: number
  /** For each column, what slows its turning down; 1 where there is none. */
  readonly slowdown?: readonly number[]
}

/** Cosines and sines for rotary positions: row p, column i holds that of p · theta^(−2i / headSize) / slowdown[i]. */
export function rotaryTables({ positions, headSize, theta, slowdown }: Rotary): {
  readonly cos: Float32Array
  readonly sin: Float32Array
} {
  const half = headSize / 2
  const cos = new Float32Array(positions * half)
  const sin = new Float32Array(positions * half)
  const step = 1 / root(theta, half)
  let frequency = 1
  for (let column = 0; column < half; column++) {
    const turn = cosAndSin(frequency / (slowdown?.[column] ?? 1))
    let [x, y] = [1, 0]
    for (let position = 0; position < positions; position++) {
      cos[position * half + column] = x
      sin[position * half + column] = y
      // Turning step by step stays within 10⁻¹² over any context: far below what a float holds.
      const turned = x * turn[0] - y * turn[1]
      y = x * turn[1] + y * turn[0]
      x = turned
    }
    frequency *= step
  }
  return { cos, sin }
}

/** The `degree`-th root of `value` ≥ 1, by Newton's method from above. */
function root(value: number, degree: number): number {
  let guess = value
  for (;;) {
    let power = 1
    for (let factor = 1; factor < degree; factor++) power *= guess
    const next = guess - (guess - value / power) / degree
    if (!(next < guess)) return guess
    guess = next
  }
}

/** Taylor's series of both, for angles in [0, 1]. */
function cosAndSin(angle: number): readonly [number, number] {
  let [cos, sin] = [0, 0]
  let term = 1
  for (let degree = 0; degree < 24; degree += 2) {
    cos += term
    term = (term * angle) / (degree + 1)
    sin += term
    term = (-term * angle) / (degree + 2)
  }
  return [cos, sin]
}
