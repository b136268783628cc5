import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { toHex } from '../core/bytes.ts'
import { DomainTable } from './domain-table.ts'

/** Few beginnings and few ends, so that many ids begin alike and some are the same. */
const ids = fc.tuple(fc.constantFrom(0, 1, 255), fc.nat(999)).map(([first, last]) =>
  new Uint8Array(32)
    .with(0, first)
    .with(30, last >> 8)
    .with(31, last & 255),
)

it('a domain keeps its number, however many begin as it does', () => {
  fc.assert(
    fc.property(fc.array(ids, { maxLength: 300 }), ids, (all, other) => {
      const table = new DomainTable()
      const numbers = new Map<string, number>()
      for (const id of all) {
        const known = numbers.get(toHex(id))
        expect(table.find(id)).toBe(known ?? -1)
        expect(table.intern(id)).toBe(known ?? numbers.size)
        numbers.set(toHex(id), known ?? numbers.size)
      }
      const copy = table.copy()
      copy.intern(other)
      expect(table.size).toBe(numbers.size)
      expect(table.find(other)).toBe(numbers.get(toHex(other)) ?? -1)
      for (const [id, number] of numbers) {
        const bytes = new Uint8Array(40)
        table.writeId(number, bytes, 8)
        expect(toHex(bytes.subarray(8))).toBe(id)
        expect(toHex(copy.id(number))).toBe(id)
      }
      expect(DomainTable.unpack(table.pack())?.find(other)).toBe(table.find(other))
    }),
  )
})
