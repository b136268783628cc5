import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { Standbys, type StandbyWish } from './standbys.ts'

const [holder, spare] = ['h', 's'] as [PeerId, PeerId]

/** Who was opened where, for a text of ten seconds whose holder grants `leaseMs`. */
function standbys(wish: StandbyWish, leaseMs: number | undefined) {
  const opened: (readonly [number, PeerId])[] = []
  const components = {
    find: async () => spare,
    open: (stage: number, peer: PeerId) => void opened.push([stage, peer]),
    leaseMs: () => leaseMs,
  }
  return { standbys: new Standbys(components, wish, 10_000), opened }
}

describe('standbys', () => {
  it.each([
    ['auto', 9_000, 1],
    ['auto', 60_000, 0],
    ['auto', undefined, 0],
    ['always', 60_000, 1],
    ['off', 0, 0],
  ] as const)('%s, with a lease of %s ms: %s', async (wish, leaseMs, count) => {
    const { standbys: all, opened } = standbys(wish, leaseMs)
    await all.seek(1, holder)
    expect(opened).toEqual(Array.from({ length: count }, () => [1, spare]))
  })

  it('are sought a few times for each stage, not for ever', async () => {
    const { standbys: all, opened } = standbys('always', undefined)
    for (let loss = 0; loss < 9; loss++) await all.seek(0, holder)
    await all.seek(1, holder)
    expect(opened.map(([stage]) => stage)).toEqual([0, 0, 0, 1])
  })
})
