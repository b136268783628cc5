import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from './bytes.ts'
import { CBOR_DEPTH_MAX, type CborValue, decodeCbor, encodeCbor } from './canonical-cbor.ts'
import { InvariantError } from './invariant.ts'

interface Vectors {
  readonly values: readonly { readonly hex: string; readonly value: Written }[]
  readonly refused: readonly { readonly hex: string; readonly why: string }[]
}

/** A value as JSON writes it: a byte string is an object with its hexadecimal. */
type Written = number | string | boolean | null | { readonly bytes: string } | readonly Written[]

const vectors = JSON.parse(readFileSync('test/vectors/cbor.json', 'utf8')) as Vectors

describe('the vectors of RFC 8949, appendix A', () => {
  it.each(vectors.values)('encodes and decodes $hex', ({ hex, value }) => {
    expect(toHex(encodeCbor(parse(value)))).toBe(hex)
    expect(decodeCbor(bytesOf(hex))).toEqual({ type: 'value', value: parse(value) })
  })

  it.each(vectors.refused)('refuses $hex: $why', ({ hex }) => {
    expect(decodeCbor(bytesOf(hex)).type).toBe('refused')
  })

  it('refuses every truncation', () => {
    for (const { hex } of vectors.values) {
      const bytes = bytesOf(hex)
      for (let length = 0; length < bytes.length; length++) {
        expect(decodeCbor(bytes.subarray(0, length)).type, `${length} bytes of ${hex}`).toBe(
          'refused',
        )
      }
    }
  })

  it('reads every flipped bit as another value in its one encoding, or refuses it', () => {
    for (const { hex } of vectors.values) {
      for (let bit = 0; bit < hex.length * 4; bit++) expectCanonical(flipped(bytesOf(hex), bit))
    }
  })
})

describe('canonical CBOR', () => {
  it('gives back every value that it encodes', () => {
    fc.assert(
      fc.property(anyValue(), (original) => {
        expect(decodeCbor(encodeCbor(original))).toEqual({ type: 'value', value: original })
      }),
    )
  })

  it('has one encoding for what any bytes decode to', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 24 }), expectCanonical))
  })

  it('nests as deep as its limit and no deeper', () => {
    expect(decodeCbor(encodeCbor(nested(CBOR_DEPTH_MAX)))).toEqual({
      type: 'value',
      value: nested(CBOR_DEPTH_MAX),
    })
    expect(() => encodeCbor(nested(CBOR_DEPTH_MAX + 1))).toThrow(InvariantError)
  })

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('does not encode %d', (number) => {
    expect(() => encodeCbor(number)).toThrow(InvariantError)
  })
})

function expectCanonical(bytes: Uint8Array): void {
  const decoded = decodeCbor(bytes)
  if (decoded.type === 'value') expect(toHex(encodeCbor(decoded.value))).toBe(toHex(bytes))
}

function anyValue(): fc.Arbitrary<CborValue> {
  const { tree } = fc.letrec<{ tree: CborValue }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.maxSafeNat(),
      fc.nat(70_000),
      // Graphemes hold no half of a surrogate pair, which no UTF-8 stands for.
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array(),
      fc.array(tie('tree'), { maxLength: 5 }),
    ),
  }))
  return tree
}

function nested(depth: number): CborValue {
  return depth === 0 ? 0 : [nested(depth - 1)]
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = bit >> 3
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7))
  return copy
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${hex}`)
  return bytes
}

function parse(written: Written): CborValue {
  if (Array.isArray(written)) return written.map(parse)
  if (typeof written === 'object' && written !== null) {
    return bytesOf((written as { bytes: string }).bytes)
  }
  return written
}
