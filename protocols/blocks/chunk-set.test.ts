import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkSet } from './chunk-set.ts'

describe('chunk set', () => {
  it('is a set of indices, and its bits give it back', () => {
    const indices = fc.uniqueArray(fc.nat(40))
    fc.assert(
      fc.property(indices, fc.nat(40), (added, removed) => {
        const set = new ChunkSet(41)
        for (const index of added) expect(set.add(index)).toBe(true)
        expect(set.delete(removed)).toBe(added.includes(removed))
        const expected = added.filter((index) => index !== removed)
        const again = ChunkSet.fromBits(set.toBits(), 41)
        for (const same of [set, again]) {
          expect(same?.size).toBe(expected.length)
          expect(same?.missing()).toEqual(
            Array.from({ length: 41 }, (_, index) => index).filter(
              (index) => !expected.includes(index),
            ),
          )
        }
      }),
    )
  })

  it('refuses bits of another length, and bits past the end', () => {
    expect(ChunkSet.fromBits(Uint8Array.of(0b111), 3)?.size).toBe(3)
    expect(ChunkSet.fromBits(Uint8Array.of(0b1000), 3)).toBeUndefined()
    expect(ChunkSet.fromBits(Uint8Array.of(0, 0), 3)).toBeUndefined()
    expect(ChunkSet.fromBits(new Uint8Array(), 0)?.size).toBe(0)
  })

  it('holds nothing outside of its range', () => {
    const set = ChunkSet.full(8)
    expect([set.has(-1), set.has(8), set.has(7), set.delete(8)]).toEqual([
      false,
      false,
      true,
      false,
    ])
  })
})
