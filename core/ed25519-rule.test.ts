import { describe, expect, it } from 'vitest'
import { fromHex } from './bytes.ts'
import { isStrictPublicKey, isStrictSignature } from './ed25519-rule.ts'

function bytes(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array()
}

/** The encoding of a number, little endian. */
const encoded = (value: bigint): Uint8Array =>
  bytes(value.toString(16).padStart(64, '0')).toReversed()

const PRIME = 2n ** 255n - 19n
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
/** A point of the curve that is neither small nor strange: the base point. */
const BASE = `58${'66'.repeat(31)}`

describe('the strict rule', () => {
  it('takes a key whose y is below the prime, and none from there on', () => {
    expect(isStrictPublicKey(encoded(PRIME - 2n))).toBe(true)
    for (let above = 0n; above < 19n; above++) {
      expect(isStrictPublicKey(encoded(PRIME + above))).toBe(false)
      expect(isStrictPublicKey(encoded(PRIME + above + 2n ** 255n))).toBe(false)
    }
  })

  it.each([
    ['order 1', 1n],
    ['order 2', PRIME - 1n],
    ['order 4', 0n],
  ])('refuses points of %s, with either sign', (_, y) => {
    expect(isStrictPublicKey(encoded(y))).toBe(false)
    expect(isStrictPublicKey(encoded(y + 2n ** 255n))).toBe(false)
  })

  it('refuses points of order 8', () => {
    const eighths = [
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    ]
    for (const eighth of eighths) expect(isStrictPublicKey(bytes(eighth))).toBe(false)
  })

  it('takes S below the group order only', () => {
    const signature = (S: bigint): Uint8Array => Uint8Array.of(...bytes(BASE), ...encoded(S))
    expect(isStrictSignature(signature(ORDER - 1n))).toBe(true)
    expect(isStrictSignature(signature(0n))).toBe(true)
    expect(isStrictSignature(signature(ORDER))).toBe(false)
    expect(isStrictSignature(signature(2n ** 256n - 1n))).toBe(false)
  })

  it('wants R as it wants keys, and all 64 bytes', () => {
    const signature = Uint8Array.of(...encoded(1n), ...encoded(5n))
    expect(isStrictSignature(signature)).toBe(false)
    expect(isStrictSignature(bytes(`${BASE}${'00'.repeat(31)}`))).toBe(false)
    expect(isStrictPublicKey(bytes(BASE.slice(2)))).toBe(false)
  })
})
