import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { ByteBudget } from './byte-budget.ts'

const [a, b, c] = ['a', 'b', 'c'] as [PeerId, PeerId, PeerId]

describe('byte budget', () => {
  it('bounds each peer, and all of them together', () => {
    const budget = new ByteBudget({ bytesMax: 15, bytesPerPeerMax: 10 })
    const taken = [
      budget.take(a, 6),
      budget.take(a, 5),
      budget.take(a, 4),
      budget.take(b, 6),
      budget.take(b, 5),
    ]
    expect(taken).toEqual([true, false, true, false, true])
  })

  it('has room again for what was given back', () => {
    const budget = new ByteBudget({ bytesMax: 10, bytesPerPeerMax: 10 })
    const taken = [budget.take(a, 10), budget.take(b, 1)]
    budget.give(a, 10)
    expect([...taken, budget.take(b, 10), budget.take(c, 1)]).toEqual([true, false, true, false])
  })

  it('lets the only thing of a peer be larger than its share, and never than all', () => {
    const budget = new ByteBudget({ bytesMax: 10, bytesPerPeerMax: 5 })
    const asked = [budget.refusal(a, 11), budget.refusal(a, 8)]
    expect([...asked, budget.take(a, 3), budget.take(a, 5, 3)]).toEqual([
      'all',
      undefined,
      true,
      true,
    ])
    expect([budget.refusal(a, 1), budget.refusal(b, 3), budget.take(b, 2)]).toEqual([
      'peer',
      'all',
      true,
    ])
  })

  it('keeps some for this device, which no share binds', () => {
    const budget = new ByteBudget({ bytesMax: 10, bytesPerPeerMax: 5, self: a, selfBytesMin: 2 })
    expect([budget.most(a), budget.most(b)]).toEqual([10, 8])
    const others = [budget.take(b, 9), budget.take(b, 8), budget.take(c, 1)]
    expect([...others, budget.take(a, 1), budget.take(a, 1), budget.take(a, 1)]).toEqual([
      false,
      true,
      false,
      true,
      true,
      false,
    ])
  })

  it('never has more than all, nor others more than theirs, whatever is asked for', () => {
    const moves = fc.array(fc.tuple(fc.constantFrom(a, b, c), fc.integer({ min: -9, max: 15 })))
    fc.assert(
      fc.property(moves, (all) => {
        const budget = new ByteBudget({
          bytesMax: 20,
          bytesPerPeerMax: 9,
          self: a,
          selfBytesMin: 3,
        })
        for (const [peer, bytes] of all) {
          if (bytes > 0) budget.take(peer, bytes)
          else budget.give(peer, Math.min(-bytes, budget.of(peer)))
          expect(budget.bytes).toBeLessThanOrEqual(20)
          expect(budget.of(b) + budget.of(c)).toBeLessThanOrEqual(17)
        }
      }),
    )
  })
})
