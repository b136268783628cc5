import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { integerRoot, log2Q16 } from './fixed-point.ts'

const upTo53 = fc.bigInt({ min: 1n, max: 2n ** 53n - 1n })

describe('an integer root', () => {
  it('is the largest whose square fits', () => {
    fc.assert(
      fc.property(upTo53, (value) => {
        const root = BigInt(integerRoot(Number(value)))
        return root * root <= value && (root + 1n) * (root + 1n) > value
      }),
    )
  })

  it.each([0, 1, 3, 4, 2 ** 52 - 1, 2 ** 52])('of %i is right beside a square', (value) => {
    const root = integerRoot(value)
    expect(root * root <= value && (root + 1) ** 2 > value).toBe(true)
  })
})

describe('a logarithm', () => {
  /** The same algorithm in integers without a bound. */
  function oracle(value: bigint): number {
    const whole = value.toString(2).length - 1
    let mantissa = (value << 25n) >> BigInt(whole)
    let result = whole * 65_536
    for (let bit = 32_768; bit >= 1; bit /= 2) {
      mantissa = (mantissa * mantissa) >> 25n
      if (mantissa >= 1n << 26n) {
        mantissa >>= 1n
        result += bit
      }
    }
    return result
  }

  it('is what unbounded integers give', () => {
    fc.assert(fc.property(upTo53, (value) => log2Q16(Number(value)) === oracle(value)))
  })

  it('is exact for powers of two, and never falls', () => {
    for (let power = 0; power < 53; power++) expect(log2Q16(2 ** power)).toBe(power * 65_536)
    fc.assert(
      fc.property(upTo53, upTo53, (a, b) => a > b || log2Q16(Number(a)) <= log2Q16(Number(b))),
    )
  })

  it('is within a step of the true one', () => {
    fc.assert(
      fc.property(upTo53, (value) => {
        const off = Math.log2(Number(value)) * 65_536 - log2Q16(Number(value))
        return off > -0.1 && off < 2
      }),
    )
  })
})
