import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { byteSequences } from './utf8-ranges.ts'

const EDGES = [
  0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdfff, 0xe000, 0xffff, 0x10000, 0x10ffff,
]
const code = fc.oneof(fc.constantFrom(...EDGES), fc.integer({ min: 0, max: 0x10ffff }))

it('a range of characters is written by its byte sequences, each character by one of them', () => {
  fc.assert(
    fc.property(code, code, code, (a, b, tried) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)]
      const sequences = byteSequences([low, high])
      for (const character of [tried, low, high].filter((each) => each < 0xd800 || each > 0xdfff)) {
        const bytes = utf8(String.fromCodePoint(character))
        const writing = sequences.filter(
          (ranges) =>
            ranges.length === bytes.length &&
            ranges.every(([from, to], at) => from <= (bytes[at] ?? -1) && (bytes[at] ?? 256) <= to),
        )
        expect(writing).toHaveLength(low <= character && character <= high ? 1 : 0)
      }
    }),
    { numRuns: 500 },
  )
})
