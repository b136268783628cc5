import { describe, expect, it } from 'vitest'
import { philox, uniformAt, type PhiloxCounter, type PhiloxKey } from './counter-draw.ts'

/** The known answers that come with Random123, the code of the paper. */
const KNOWN_ANSWERS: readonly (readonly [PhiloxCounter, PhiloxKey, PhiloxCounter])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
]

describe('the draw of a position', () => {
  it('is made by Philox4x32-10', () => {
    for (const [counter, key, answer] of KNOWN_ANSWERS) {
      expect(philox(counter, key)).toEqual(answer)
    }
  })

  it('tells positions and seeds apart in all their 53 bits', () => {
    const numbers = [0, 1, 2 ** 32, 2 ** 53 - 1]
    const draws = numbers.flatMap((seed) => numbers.map((position) => uniformAt(seed, position)))
    expect(new Set(draws).size).toBe(16)
  })

  it('lies in [0, 1), and falls as often below as above any tenth', () => {
    const counts = Array.from({ length: 10 }, () => 0)
    for (let position = 0; position < 20_000; position++) {
      const tenth = Math.floor(10 * uniformAt(7, position))
      counts[tenth] = (counts[tenth] ?? 0) + 1
    }
    const deviation = counts.map((count) => (count - 2_000) ** 2 / 2_000).reduce((a, b) => a + b)
    // Chi-square with 9 degrees of freedom exceeds 33.7 once in 10,000 seeds; 7 is none of those.
    expect(counts).toHaveLength(10)
    expect(deviation).toBeLessThan(33.7)
  })
})
