import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scannedDraft } from '../../test/fixtures/scanning-lookup.ts'
import { PromptLookup, type PromptLookupInit } from './prompt-lookup.ts'

const init = { ngramMax: 3, draftMax: 4 }

function lookup(tokens: readonly number[], how: PromptLookupInit = init): PromptLookup {
  const made = new PromptLookup(how)
  for (const token of tokens) made.append(token)
  return made
}

const guess = (...tokens: readonly number[]) => lookup(tokens).draft()

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
    expect(lookup([1, 1], { ngramMax: 3, draftMax: 0 }).draft().tokens).toEqual([])
    expect(lookup([1, 1], { ngramMax: 0, draftMax: 3 }).draft().tokens).toEqual([])
  })

  it('finds what trying every place finds', () => {
    const tokens = fc.array(fc.nat(3), { maxLength: 40 })
    fc.assert(
      fc.property(tokens, fc.integer({ min: 1, max: 4 }), (list, ngramMax) => {
        const { tokens: drafted, matched } = lookup(list, { ngramMax, draftMax: 3 }).draft()
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

  it('guesses at each token what going through the whole text guesses', () => {
    const tokens = fc.array(fc.oneof(fc.nat(2), fc.integer({ min: 0, max: 2 ** 31 - 1 })), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(tokens, fc.integer({ min: 1, max: 5 }), (list, ngramMax) => {
        const how = { ngramMax, draftMax: 4 }
        const growing = new PromptLookup(how)
        for (const [at, token] of list.entries()) {
          growing.append(token)
          const text = Int32Array.from(list.slice(0, at + 1))
          expect(growing.draft()).toEqual(scannedDraft(text, how))
        }
      }),
    )
  })
})
