import { describe, expect, it } from 'vitest'
import { SeededRandom } from './random.ts'

describe('seeded random', () => {
  it('draws what the reference code of xoshiro128** draws from the state 1, 2, 3, 4', () => {
    const random = new SeededRandom(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0))
    expect(Array.from({ length: 10 }, () => random.uint32())).toEqual([
      11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492, 1_287_239_034, 3_734_860_849,
      3_729_100_597, 4_258_142_804,
    ])
  })

  it('repeats itself from the same seed, and not from another', () => {
    const bytes = (seed: number) => SeededRandom.fromInteger(seed).bytes(16)
    expect(bytes(7)).toEqual(bytes(7))
    expect(bytes(7)).not.toEqual(bytes(8))
  })

  it('draws fractions from [0, 1) that spread evenly', () => {
    const random = SeededRandom.fromInteger(1)
    const draws = Array.from({ length: 10_000 }, () => random.fraction())
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length
    // Four standard errors of the mean of 10,000 even draws: 4 × 0.2887 / 100.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0116)
  })
})
