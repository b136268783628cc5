import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { promptLookup } from './prompt-lookup.ts'

const init = { ngramMax: 3, draftMax: 4 }
const guess = (...tokens: readonly number[]) => promptLookup(Int32Array.from(tokens), init)

describe('prompt lookup', () => {
  it('guesses what followed the longest match', () => {
    expect(guess(1, 2, 3, 4, 5, 6, 9, 3, 8, 1, 2, 3)).toEqual({ tokens: [4, 5, 6, 9], matched: 3 })
  })

  it('takes the latest of equal matches', () => {
    expect(guess(1, 2, 7, 7, 1, 3, 8, 8, 1)).toEqual({ tokens: [3, 8, 8, 1], matched: 1 })
  })

  it('goes on with its own guess where a text repeats itself', () => {
    expect(guess(4, 5, 4, 5, 4)).toEqual({ tokens: [5, 4, 5, 4], matched: 3 })
    expect(guess(6, 6)).toEqual({ tokens: [6, 6, 6, 6], matched: 1 })
  })

  it('guesses nothing where nothing came twice, or nothing may be guessed', () => {
    expect([guess(), guess(1), guess(1, 2, 3)].map(({ tokens }) => tokens)).toEqual([[], [], []])
    expect(promptLookup(Int32Array.of(1, 1), { ngramMax: 3, draftMax: 0 }).tokens).toEqual([])
    expect(promptLookup(Int32Array.of(1, 1), { ngramMax: 0, draftMax: 3 }).tokens).toEqual([])
  })

  it('finds what trying every place finds', () => {
    const tokens = fc.array(fc.nat(3), { maxLength: 40 })
    fc.assert(
      fc.property(tokens, fc.integer({ min: 1, max: 4 }), (list, ngramMax) => {
        const { tokens: drafted, matched } = promptLookup(Int32Array.from(list), {
          ngramMax,
          draftMax: 3,
        })
        const places = Array.from({ length: list.length }, (_, end) => {
          let length = 0
          while (
            length < Math.min(ngramMax, end) &&
            list[end - 1 - length] === list.at(-1 - length)
          )
            length++
          return { end, length }
        })
        const longest = Math.max(0, ...places.map(({ length }) => length))
        expect(matched).toBe(longest)
        if (longest === 0) {
          expect(drafted).toEqual([])
          return
        }
        const { end } = places.findLast(({ length }) => length === longest) ?? { end: 0 }
        const endless = [...list]
        for (let at = end; endless.length < list.length + 3; at++) endless.push(endless[at] ?? -1)
        expect(drafted).toEqual(endless.slice(list.length))
      }),
    )
  })
})
