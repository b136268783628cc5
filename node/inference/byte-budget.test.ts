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

  it('lets something through that is larger than itself when nothing else is there', () => {
    const budget = new ByteBudget({ bytesMax: 10, bytesPerPeerMax: 5 })
    expect([budget.take(a, 11), budget.take(a, 1), budget.take(b, 1)]).toEqual([true, false, false])
  })
})
