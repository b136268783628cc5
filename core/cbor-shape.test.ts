import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeCbor } from './canonical-cbor.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  flag,
  list,
  mapped,
  optional,
  record,
  type ShapeOf,
  text,
  uint,
  word,
} from './cbor-shape.ts'
import { asPeerId } from './ids.ts'

const letter = record({
  kind: word('note', 'parcel'),
  to: text(8),
  weight: uint(100),
  seal: bytes(2, 4),
  stamps: list(record({ pence: uint(), used: flag() }), 3),
  answer: optional(text(4)),
})

const note: ShapeOf<typeof letter> = {
  kind: 'note',
  to: 'ada',
  weight: 100,
  seal: Uint8Array.of(1, 2),
  stamps: [{ pence: 3, used: true }],
  answer: undefined,
}

describe('a shape', () => {
  it('writes a record as an array of its fields, in the order of declaration', () => {
    const written = ['note', 'ada', 100, Uint8Array.of(1, 2), [[3, true]], null]
    expect(encodeShape(letter, note)).toEqual(encodeCbor(written))
  })

  it('gives back what it wrote', () => {
    expect(decodeShape(letter, encodeShape(letter, note))).toEqual({ type: 'value', value: note })
    const answered = { ...note, answer: 'yes' }
    expect(decodeShape(letter, encodeShape(letter, answered))).toEqual({
      type: 'value',
      value: answered,
    })
  })

  it.each([
    ['a word that is not in the list', { kind: 'bomb' }],
    ['a text that is too long', { to: 'ada of london' }],
    ['a number above its maximum', { weight: 101 }],
    ['a byte string that is too short', { seal: Uint8Array.of(1) }],
    ['a byte string that is too long', { seal: new Uint8Array(5) }],
    ['a list that is too long', { stamps: [1, 2, 3, 4].map((pence) => ({ pence, used: false })) }],
    ['a field of another type', { to: 7 }],
    ['a list that is none', { stamps: undefined }],
  ])('refuses %s', (_, wrong) => {
    const fields = Object.values({ ...note, stamps: [[3, true]], ...wrong }).map((field) =>
      Array.isArray(field) ? field.map((item) => Object.values(item as object)) : (field ?? null),
    )
    expect(decodeShape(letter, encodeCbor(fields)).type).toBe('refused')
  })

  it('refuses a record with a field too few or too many', () => {
    expect(decodeShape(letter, encodeCbor(['note', 'ada'])).type).toBe('refused')
    const written = ['note', 'ada', 1, Uint8Array.of(1, 2), [], null]
    expect(decodeShape(letter, encodeCbor(written)).type).toBe('value')
    expect(decodeShape(letter, encodeCbor([...written, null])).type).toBe('refused')
  })

  it('refuses what is no canonical CBOR at all, and says why', () => {
    expect(decodeShape(uint(), Uint8Array.of(0x18, 1))).toEqual({
      type: 'refused',
      reason: 'integer not in its shortest form',
    })
    expect(decodeShape(uint(5), Uint8Array.of(6))).toEqual({
      type: 'refused',
      reason: 'expected an integer up to 5',
    })
  })

  it('converts what it reads, and refuses what does not convert', () => {
    const peer = mapped(text(64), asPeerId, (id) => id)
    const id = '12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq'
    expect(decodeShape(peer, encodeCbor(id))).toEqual({ type: 'value', value: id })
    expect(decodeShape(peer, encodeCbor('somebody')).type).toBe('refused')
  })

  it('reads any bytes as a value that encodes to them, or refuses them', () => {
    const start = encodeShape(letter, note)
    const change = fc.record({ at: fc.nat(start.length - 1), byte: fc.nat(255), end: fc.nat(40) })
    fc.assert(
      fc.property(change, ({ at, byte, end }) => {
        const changed = Uint8Array.from(start)
        changed[at] = byte
        const cut = changed.subarray(0, end)
        const decoded = decodeShape(letter, cut)
        if (decoded.type === 'value') expect(encodeShape(letter, decoded.value)).toEqual(cut)
      }),
    )
  })
})
