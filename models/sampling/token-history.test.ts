import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenHistory } from './token-history.ts'

describe('a token history', () => {
  it('holds prompt and generated tokens apart', () => {
    const history = new TokenHistory([5, 5, 6], 8)
    for (const token of [6, 7, 6]) history.append(token)
    expect([...history.view()]).toEqual([5, 5, 6, 6, 7, 6])
    expect([...history.view(4)]).toEqual([7, 6])
    expect(history.generatedLength).toBe(3)
    expect([...history.generated]).toEqual([
      [6, 2],
      [7, 1],
    ])
  })

  it('is no longer than the context', () => {
    expect(() => new TokenHistory([1, 2, 3], 2)).toThrow(RangeError)
    const full = new TokenHistory([1, 2], 3)
    full.append(3)
    expect(() => full.append(4)).toThrow(RangeError)
    expect([...full.view()]).toEqual([1, 2, 3])
  })

  it('is after any appends and truncations what a list would be', () => {
    const step = fc.oneof(
      fc.record({ append: fc.nat(5) }),
      fc.record({ truncate: fc.integer({ min: -1, max: 40 }) }),
    )
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 4 }), fc.array(step), (prompt, steps) => {
        const history = new TokenHistory(prompt, 1_000)
        const list = [...prompt]
        let promptLength = prompt.length
        for (const each of steps) {
          if ('append' in each) {
            history.append(each.append)
            list.push(each.append)
          } else {
            history.truncate(each.truncate)
            list.splice(Math.max(0, each.truncate))
            promptLength = Math.min(promptLength, list.length)
          }
        }
        const counts = Object.groupBy(list.slice(promptLength), String)
        expect([...history.view()]).toEqual(list)
        expect(history.length).toBe(list.length)
        expect(history.generatedLength).toBe(list.length - promptLength)
        expect(
          Object.fromEntries([...history.generated].map(([token, count]) => [token, count])),
        ).toEqual(
          Object.fromEntries(
            Object.entries(counts).map(([token, all]) => [token, all?.length ?? 0]),
          ),
        )
      }),
    )
  })
})
