import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, encodeCbor } from '../core/canonical-cbor.ts'
import { hashOf } from '../test/fixtures/ledgers.ts'
import { decodeEntry, encodeEntry, type Entry, NO_ENTRY } from './entry.ts'
import { ENTRY_BODY_BYTES_MAX } from './limits.ts'

const entry: Entry = {
  log: hashOf('log'),
  seq: 7,
  prev: hashOf('entry 6'),
  wallMs: 1_767_225_600_000,
  kind: 40,
  body: Uint8Array.of(1, 2, 3),
}

function fieldsOf({ log, seq, prev, wallMs, kind, body }: Entry): readonly CborValue[] {
  return [1, log, seq, prev, wallMs, kind, body]
}

const codeOf = (bytes: Uint8Array): string => {
  const decoded = decodeEntry(bytes)
  return decoded.type === 'refused' ? decoded.code : 'taken'
}

describe('an entry', () => {
  it('is what it was before it was encoded', () => {
    expect(decodeEntry(encodeEntry(entry))).toEqual({ type: 'value', value: entry })
  })

  it('takes some 100 bytes beside its body', () => {
    expect(encodeEntry({ ...entry, body: new Uint8Array() }).length).toBeLessThan(115)
  })

  it('refuses every truncation', () => {
    const bytes = encodeEntry(entry)
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(bytes.subarray(0, length))).toBe('LEDGER_MALFORMED')
    }
  })

  it.each<[string, readonly CborValue[], string]>([
    ['of the future', [2, ...fieldsOf(entry).slice(1), 'more'], 'LEDGER_VERSION_UNSUPPORTED'],
    ['with a field too many', [...fieldsOf(entry), 0], 'LEDGER_MALFORMED'],
    ['with a short log', fieldsOf({ ...entry, log: new Uint8Array(31) }), 'LEDGER_MALFORMED'],
    ['with a text as its body', [...fieldsOf(entry).slice(0, 6), 'body'], 'LEDGER_MALFORMED'],
    ['with a kind beyond all kinds', fieldsOf({ ...entry, kind: 256 }), 'LEDGER_MALFORMED'],
    [
      'with a body too long',
      fieldsOf({ ...entry, body: new Uint8Array(ENTRY_BODY_BYTES_MAX + 1) }),
      'LEDGER_TOO_LONG',
    ],
    [
      'with a body far too long',
      fieldsOf({ ...entry, body: new Uint8Array(2 * ENTRY_BODY_BYTES_MAX) }),
      'LEDGER_TOO_LONG',
    ],
  ])('%s is refused', (_, fields, code) => {
    expect(codeOf(encodeCbor(fields))).toBe(code)
  })

  it.each([
    ['a float', [0xf9, 0x3c, 0x00]],
    ['a negative number', [0x20]],
    ['a long form of a small number', [0x18, 0x01]],
  ])('%s in place of its sequence number is refused', (_, number) => {
    const head = encodeEntry(entry).subarray(0, 36)
    const tail = encodeEntry(entry).subarray(37)
    expect(codeOf(Uint8Array.of(...head, ...number, ...tail))).toBe('LEDGER_MALFORMED')
  })

  it('of an endless array, of a map and of nothing is refused', () => {
    for (const bytes of [[0x9f, 0xff], [0xa1, 0x01, 0x02], [], [0x01]]) {
      expect(codeOf(Uint8Array.from(bytes))).toBe('LEDGER_MALFORMED')
    }
  })

  it('never throws, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(codeOf(bytes)).toMatch(/^LEDGER_/)
      }),
    )
  })

  it('names zeros when it is the first', () => {
    expect(NO_ENTRY).toEqual(new Uint8Array(32))
  })
})
