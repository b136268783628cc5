import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../core/random.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  decodeFingerprint,
  encodeFingerprint,
  fingerprintOf,
  isAlike,
  likenessOf,
  TOP_ACTIVATIONS,
} from './likeness.ts'

function tensor(values: readonly number[]): Tensor {
  const data = new Uint8Array(Float32Array.from(values).buffer)
  return { name: 'x', type: 'float32', dims: [values.length], data }
}

/** Values as activations are: many small ones, a few large. */
function activations(seed: number, count = 1_024): readonly number[] {
  const random = SeededRandom.fromInteger(seed)
  return Array.from({ length: count }, () => (random.fraction() - 0.5) ** 3 * 40)
}

function alike(one: readonly number[], other: readonly number[]): boolean | undefined {
  const likeness = likenessOf(fingerprintOf([tensor(one)]), fingerprintOf([tensor(other)]))
  return likeness === undefined ? undefined : isAlike(likeness)
}

describe('likeness', () => {
  it('is whole for the same values, and holds for the noise of other kernels', () => {
    const values = activations(1)
    const random = SeededRandom.fromInteger(9)
    const noisy = values.map((value) => value * (1 + (random.fraction() - 0.5) * 1e-5))
    const own = fingerprintOf([tensor(values)])
    expect(likenessOf(own, own)).toEqual({ overlapPermille: 1_000, mantissaMean: 0 })
    expect(alike(values, noisy)).toBe(true)
  })

  it('does not hold for the errors of four-bit weights, and less for something else', () => {
    const values = activations(1)
    const random = SeededRandom.fromInteger(9)
    const coarse = values.map((value) => value * (1 + (random.fraction() - 0.5) * 0.2))
    expect(alike(values, coarse)).toBe(false)
    expect(alike(values, activations(2))).toBe(false)
    expect(alike(values, values.toReversed())).toBe(false)
  })

  it('does not hold for values of the other sign', () => {
    const values = activations(3)
    expect(
      alike(
        values,
        values.map((value) => -value),
      ),
    ).toBe(false)
  })

  it('looks at the largest only, and takes what is no number for nothing', () => {
    const values = activations(4)
    const [top] = fingerprintOf([tensor([...values, Number.NaN])])
    expect(top?.places).toHaveLength(TOP_ACTIVATIONS)
    expect(top?.places).toEqual(fingerprintOf([tensor(values)])[0]?.places)
    expect(fingerprintOf([tensor(Array.from({ length: 300 }, () => 1))])[0]?.places).toEqual(
      Uint32Array.from({ length: TOP_ACTIVATIONS }, (_, place) => place),
    )
  })

  it('has nothing to say of outputs without activations, or of another number of them', () => {
    const tokens: Tensor = { name: 't', type: 'int32', dims: [1], data: new Uint8Array(4) }
    expect(likenessOf(fingerprintOf([tokens]), fingerprintOf([tokens]))).toBe(undefined)
    const one = fingerprintOf([tensor([1])])
    expect(likenessOf(one, [...one, ...one])).toBe(undefined)
  })
})

describe('the codec of fingerprints', () => {
  const fingerprint = fingerprintOf([tensor(activations(5)), tensor([1, -2, 3])])
  const encoded = encodeFingerprint(fingerprint)

  it('gives back what it was given', () => {
    expect(decodeFingerprint(encoded)).toEqual(fingerprint)
    expect(encoded.length).toBeLessThan(900)
  })

  it('refuses every truncation, and gives no two things one encoding', () => {
    for (let length = 0; length < encoded.length; length++) {
      expect(decodeFingerprint(encoded.subarray(0, length))).toBe(undefined)
    }
    fc.assert(
      fc.property(fc.nat(8 * encoded.length - 1), (bit) => {
        const flipped = encoded.with(bit >> 3, (encoded[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
        const decoded = decodeFingerprint(flipped)
        if (decoded !== undefined) expect(encodeFingerprint(decoded)).toEqual(flipped)
      }),
    )
  })
})
