import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesEqual,
  compareBytes,
  concatBytes,
  fromBase64Url,
  fromHex,
  textOf,
  toBase64Url,
  toHex,
  utf8,
} from './bytes.ts'

const some = fc.uint8Array({ maxLength: 40 })

describe('hexadecimal', () => {
  it('is what Node writes, and reads back', () => {
    fc.assert(
      fc.property(some, (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
        expect(fromHex(toHex(bytes))).toEqual(bytes)
      }),
    )
  })

  it.each(['0', '0G', 'FF', ' 00', '0x00'])('refuses %j', (text) => {
    expect(fromHex(text)).toBeUndefined()
  })
})

describe('base64url', () => {
  it('is what Node writes, and reads back', () => {
    fc.assert(
      fc.property(some, (bytes) => {
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes)
      }),
    )
  })

  // The last two hold bits that no byte takes: a second text for the bytes of AA and AAA.
  it.each(['A', 'AA==', 'A+/A', 'A A', 'AB', 'AAB'])('refuses %j', (text) => {
    expect(fromBase64Url(text)).toBeUndefined()
  })
})

describe('byte strings', () => {
  it('compare as Node compares them', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
        expect(bytesEqual(a, b)).toBe(Buffer.compare(a, b) === 0)
        expect(bytesEqual(a, Uint8Array.from(a))).toBe(true)
      }),
    )
  })

  it('join in order', () => {
    expect(concatBytes([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)])).toEqual(
      Uint8Array.of(1, 2, 3),
    )
    expect(concatBytes([])).toEqual(new Uint8Array())
  })

  it('are text only when they are UTF-8', () => {
    expect(textOf(utf8('crème'))).toBe('crème')
    expect(textOf(utf8('\ufeffmark'))).toBe('\ufeffmark')
    expect(textOf(Uint8Array.of(0xc3))).toBeUndefined()
  })
})
