import { describe, expect, it } from 'vitest'
import { RecentCache } from './recent-cache.ts'

describe('a recent cache', () => {
  it('gives up what was not used for longest', () => {
    const cache = new RecentCache<string, number>(2)
    cache.set('a', 1)
    cache.set('b', 2)
    expect(cache.get('a')).toBe(1)
    cache.set('c', 3)
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3])
    expect(cache.size).toBe(2)
  })

  it('keeps one value a key', () => {
    const cache = new RecentCache<string, number>(1)
    cache.set('a', 1)
    cache.set('a', 2)
    expect([cache.get('a'), cache.size]).toEqual([2, 1])
  })
})
