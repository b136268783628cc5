import { describe, expect, it } from 'vitest'
import {
  MILLI_CREDITS_MAX,
  NEW_PAIRS_PER_DAY_MAX,
  PAIR_WEIGHT_MAX,
  WINDOW_DAYS,
  WINDOW_Q16,
} from './limits.ts'
import { WorkGraph } from './work-graph.ts'

const pair = { requester: 1, provider: 2 }

function claimed(day: number, requester: number, provider: number): WorkGraph {
  const graph = new WorkGraph()
  graph.open(day)
  graph.claim(pair, 'requester', day, requester)
  graph.claim(pair, 'provider', day, provider)
  return graph
}

describe('a pair of domains', () => {
  it.each([
    [100, 100, 100],
    [100, 900, 100],
    [900, 100, 100],
    [0, 900, 0],
  ])('counts the smaller of %i and %i', (requester, provider, agreed) => {
    expect(claimed(0, requester, provider).agreed(0)).toBe(agreed)
  })

  it('weighs nothing as long as only one of them speaks', () => {
    const graph = new WorkGraph()
    graph.claim(pair, 'provider', 0, 1_000)
    expect([graph.agreed(0), graph.weight(0)]).toEqual([0, 0])
  })

  it('counts the largest of what each says in a day, in whatever order', () => {
    const graph = claimed(0, 50, 80)
    graph.claim(pair, 'requester', 0, 70)
    graph.claim(pair, 'requester', 0, 60)
    expect(graph.agreed(0)).toBe(70)
    expect(graph.claimsToday(0)).toEqual({ requester: 70, provider: 80 })
  })

  it('weighs the root of its work, and volume alone little', () => {
    expect(claimed(0, 10_000, 10_000).weight(0)).toBe(100)
    expect(claimed(0, MILLI_CREDITS_MAX, MILLI_CREDITS_MAX).weight(0)).toBe(PAIR_WEIGHT_MAX)
  })

  it('counts what is told the day after for the day that it was done', () => {
    const graph = claimed(3, 100, 0)
    graph.open(4)
    graph.claim(pair, 'provider', 3, 100)
    expect(graph.agreed(0)).toBe(100)
    expect(graph.claimsToday(0)).toEqual({ requester: 0, provider: 0 })
  })

  it('fades by the table, and is given up when nothing is left', () => {
    const graph = claimed(5, 65_536 * 4, 65_536 * 4)
    for (let age = 0; age < WINDOW_DAYS; age++) {
      graph.open(5 + age)
      expect(graph.weight(0)).toBe(Math.floor(Math.sqrt(4 * (WINDOW_Q16[age] ?? 0))))
    }
    graph.open(5 + WINDOW_DAYS)
    expect(graph.size).toBe(0)
  })

  it('keeps its work while others before it are given up', () => {
    const graph = new WorkGraph()
    graph.claim({ requester: 8, provider: 9 }, 'requester', 0, 5)
    graph.open(20)
    graph.claim(pair, 'requester', 20, 400)
    graph.claim(pair, 'provider', 20, 400)
    graph.open(21)
    expect([graph.size, graph.requester(0), graph.provider(0), graph.agreed(0)]).toEqual([
      1, 1, 2, 400,
    ])
    graph.claim(pair, 'requester', 21, 9)
    expect(graph.size).toBe(1)
  })

  it('of which one never spoke before costs a domain one of its new pairs a day', () => {
    const graph = new WorkGraph()
    const claim = (provider: number): boolean =>
      graph.claim({ requester: 0, provider }, 'requester', 0, 1)
    for (let at = 0; at < NEW_PAIRS_PER_DAY_MAX; at++) expect(claim(at + 1)).toBe(true)
    expect(claim(9_999)).toBe(false)
    expect(claim(1)).toBe(true)
    expect(graph.size).toBe(NEW_PAIRS_PER_DAY_MAX)
  })
})
