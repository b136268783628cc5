/**
 * Matrix products in plain JavaScript: what a device is measured by when no runtime can do it.
 *
 * Ten or more times slower than a tuned library on the same machine, so speeds
 * measured with it only compare with one another.
 *
 * @module
 */

import type { GemmSpeeds } from './benchmark-protocol.ts'
import { bestRate } from './rate.ts'

const SIZE = 128

/** Measures both products for about `eachMs` milliseconds each. */
export function measureGemm(eachMs: number): GemmSpeeds {
  const operations = 2 * SIZE ** 3
  const float = Array.from({ length: 3 }, () => new Float32Array(SIZE * SIZE).fill(0.5))
  const [a, b, c] = float as [Float32Array, Float32Array, Float32Array]
  const bytes = Array.from({ length: 2 }, () => new Int8Array(SIZE * SIZE).fill(3))
  const [left, right] = bytes as [Int8Array, Int8Array]
  const sums = new Int32Array(SIZE * SIZE)
  const f32 = bestRate(() => multiply(a, b, c), eachMs)
  const int8 = bestRate(() => multiply(left, right, sums), eachMs)
  return {
    f32MflopsPerS: Math.round((f32 * operations) / 1e6),
    int8MopsPerS: Math.round((int8 * operations) / 1e6),
  }
}

/** `c = a · b` for square matrices in rows; the inner loop runs along rows of `b` and `c`. */
export function multiply<M extends Float32Array | Int8Array>(
  a: M,
  b: M,
  c: Float32Array | Int32Array,
): void {
  const size = Math.sqrt(a.length)
  c.fill(0)
  for (let row = 0; row < size; row++) {
    for (let inner = 0; inner < size; inner++) {
      const factor = a[row * size + inner] ?? 0
      for (let column = 0; column < size; column++) {
        const at = row * size + column
        c[at] = (c[at] ?? 0) + factor * (b[inner * size + column] ?? 0)
      }
    }
  }
}
