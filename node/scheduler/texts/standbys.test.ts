import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { Standbys, type StandbyWish } from './standbys.ts'

const [holder, spare] = ['h', 's'] as [PeerId, PeerId]

/** Who was opened where, for a text whose holders go before its end with such a chance. */
function standbys(
  wish: StandbyWish,
  chance: { value: number },
  spares: readonly PeerId[] = [spare],
) {
  const opened: (readonly [number, PeerId])[] = []
  const asked: number[] = []
  const components = {
    find: async () => spares[0],
    open: (stage: number, peer: PeerId) => void opened.push([stage, peer]),
    leaveChance: (_: PeerId, durationMs: number) => {
      asked.push(durationMs)
      return chance.value
    },
    remainingMs: () => 10_000,
  }
  return { standbys: new Standbys(components, wish), opened, asked }
}

describe('standbys', () => {
  it.each([
    ['auto', 0.3, 1],
    ['auto', 1, 1],
    ['auto', 0.2, 0],
    ['always', 0, 1],
    ['off', 1, 0],
  ] as const)('%s, with a chance of %s that the holder goes: %s', async (wish, value, count) => {
    const { standbys: all, opened } = standbys(wish, { value })
    await all.seek(1, holder)
    expect(opened).toEqual(Array.from({ length: count }, () => [1, spare]))
  })

  it('are judged by the rest of the text', async () => {
    const { standbys: all, asked } = standbys('auto', { value: 0 })
    await all.seek(0, holder)
    expect(asked).toEqual([10_000])
  })

  it('are sought a few times for each stage, not for ever', async () => {
    const { standbys: all, opened } = standbys('always', { value: 0 })
    for (let loss = 0; loss < 9; loss++) {
      await all.seek(0, holder)
      all.gone(0)
    }
    await all.seek(1, holder)
    expect(opened.map(([stage]) => stage)).toEqual([0, 0, 0, 1])
  })

  it('are one for each stage, however often it is looked', async () => {
    const { standbys: all, opened } = standbys('always', { value: 0 })
    await Promise.all([all.seek(0, holder), all.seek(0, holder)])
    await all.seek(0, holder)
    expect(opened.length).toBe(1)
  })

  it('are sought later for a holder that has become likely to go', async () => {
    const chance = { value: 0 }
    const { standbys: all, opened } = standbys('auto', chance)
    const look = async (nowMs: number) => {
      all.look(() => [holder, holder], nowMs)
      await Promise.resolve()
    }
    await look(0)
    chance.value = 0.5
    await look(9_999)
    expect(opened).toEqual([])
    await look(10_000)
    expect(opened.map(([stage]) => stage)).toEqual([0, 1])
  })

  it('cost no try where there is nobody', async () => {
    const spares: PeerId[] = []
    const { standbys: all, opened } = standbys('always', { value: 0 }, spares)
    for (let look = 0; look < 9; look++) await all.seek(0, holder)
    spares.push(spare)
    await all.seek(0, holder)
    expect(opened.length).toBe(1)
  })
})
