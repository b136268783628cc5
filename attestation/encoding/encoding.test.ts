import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { ByteReader } from './byte-reader.ts'
import { CborTag, readCbor } from './cbor.ts'
import { booleanOf, contextTag, DerReader, oidOf, timeOf, unsignedOf } from './der.ts'
import { certificatesOfPem } from './pem.ts'

const bytesOf = (hex: string): Uint8Array => fromHex(hex.replaceAll(' ', '')) ?? new Uint8Array()

/** What `read` gives, or the code it refuses with. */
function outcome(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return errorCode(error) ?? error
  }
}

describe('DER', () => {
  const first = (hex: string) => new DerReader(bytesOf(hex)).next()

  it('reads tags above 30', () => {
    expect(first('bf 85 40 00').tag).toBe(contextTag(704))
  })

  it('reads numbers, truths and times', () => {
    expect(unsignedOf(first('02 02 00 80'))).toBe(128)
    expect(booleanOf(first('01 01 ff'))).toBe(true)
    expect(timeOf(first('17 0d 343930313031303030303030 5a'))).toBe(Date.UTC(2049, 0, 1))
    expect(timeOf(first('17 0d 353030313031303030303030 5a'))).toBe(Date.UTC(1950, 0, 1))
    expect(oidOf(first('06 03 88 37 03'))).toBe('2.999.3')
  })

  it.each([
    ['an indefinite length', '30 80 00 00'],
    ['a length not in its shortest form', '04 81 01 00'],
    ['a length beyond the end', '04 05 00'],
    ['a length of five octets', '04 85 01 00 00 00 00'],
    ['a tag not in its shortest form', '1f 1e 00'],
    ['a tag with a leading zero', 'bf 80 01 00'],
  ])('refuses %s', (_, hex) => {
    expect(outcome(() => first(hex))).toBe('DER_MALFORMED')
  })

  it.each([
    ['a boolean of 1', () => booleanOf(first('01 01 01'))],
    ['a padded integer', () => unsignedOf(first('02 02 00 01'))],
    ['a negative count', () => unsignedOf(first('02 01 ff'))],
    ['the 30th of February', () => timeOf(first('17 0d 323530323330303030303030 5a'))],
    ['an object identifier with padding', () => oidOf(first('06 03 2a 80 01'))],
  ])('refuses %s', (_, read) => {
    expect(outcome(read)).toBe('DER_MALFORMED')
  })
})

describe('CBOR', () => {
  it('reads what vendors write', () => {
    expect(readCbor(bytesOf('a2 01 38 22 63 616263 82 f5 f6'))).toEqual(
      new Map<unknown, unknown>([
        [1, -35],
        ['abc', [true, null]],
      ]),
    )
    expect(readCbor(bytesOf('d2 80'))).toEqual(new CborTag(18, []))
  })

  it.each([
    ['a key twice', 'a2 01 01 01 02'],
    ['an array as a key', 'a1 80 01'],
    ['an indefinite length', '5f 41 00 ff'],
    ['a float', 'fa 00 00 00 00'],
    ['a length not in its shortest form', '18 01'],
    ['text that is not UTF-8', '61 ff'],
    ['an array that cannot fit', '9a ff ff ff ff'],
    ['trailing bytes', '01 01'],
    ['nesting without end', '81'.repeat(100)],
  ])('refuses %s', (_, hex) => {
    expect(outcome(() => readCbor(bytesOf(hex)))).toBe('CBOR_MALFORMED')
  })

  it('refuses more items than any evidence has', () => {
    const many = new Uint8Array(20_003).fill(0xf6)
    many.set([0x99, 0x4e, 0x20])
    expect(outcome(() => readCbor(many))).toBe('CBOR_MALFORMED')
  })
})

describe('PEM', () => {
  const block = (body: string): string =>
    `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`

  it('gives every block in order', () => {
    expect(certificatesOfPem(`\n${block('AAE=')}${block('Ag==')}\0`, 2)).toEqual([
      Uint8Array.of(0, 1),
      Uint8Array.of(2),
    ])
  })

  it.each([
    ['PEM_MALFORMED', 'nothing'],
    ['PEM_MALFORMED', `${block('Ag==')}x`],
    ['PEM_MALFORMED', block('A')],
    ['PEM_MALFORMED', block('AAF=')],
    ['ATTESTATION_LIMIT', block('Ag==').repeat(3)],
  ])('is refused with %s for %s', (code, text) => {
    expect(outcome(() => certificatesOfPem(text, 2))).toBe(code)
  })
})

describe('bytes that may be anything', () => {
  const codes = new Set(['DER_MALFORMED', 'CBOR_MALFORMED', 'PEM_MALFORMED', 'ATTESTATION_LIMIT'])
  const refusesOrReads = (read: () => unknown): boolean => {
    try {
      read()
      return true
    } catch (error) {
      return codes.has(errorCode(error) ?? '')
    }
  }

  it('are a value or a refusal', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        (bytes) =>
          refusesOrReads(() => readCbor(bytes)) &&
          refusesOrReads(() => new DerReader(bytes).all(100).map((one) => oidOf(one))),
      ),
    )
  })

  it('are never read beyond their end', () => {
    const reader = new ByteReader(utf8('abc'), { code: 'ATTESTATION_LIMIT', littleEndian: false })
    expect(reader.u16()).toBe(0x6162)
    expect(outcome(() => reader.u16())).toBe('ATTESTATION_LIMIT')
    expect(outcome(() => reader.take(0x7fff_ffff))).toBe('ATTESTATION_LIMIT')
    expect(reader.u8()).toBe(0x63)
  })
})
