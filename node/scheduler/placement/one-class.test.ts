import { describe, expect, it } from 'vitest'
import { solveOneClass } from './one-class.ts'
import type { PlacementCandidate } from './plan.ts'
import { candidate, peer, request } from './placement-fixture.ts'

const half = { memoryBytes: 45e6 }
const fast = (name: string, numericClass?: string, gflopsPerS = 10): PlacementCandidate =>
  candidate(name, { ...half, gflopsPerS, ...(numericClass === undefined ? {} : { numericClass }) })

function planned(...candidates: readonly PlacementCandidate[]) {
  const { plan, request: asked } = solveOneClass(request({ candidates, stages: 2 }))
  return {
    peers: plan.stages.map((stage) => stage.peer).toSorted(),
    only: asked.numericClass,
    refused: plan.notChosen.filter(({ code }) => code === 'class').map((each) => each.peer),
  }
}

describe('a plan in one numeric class', () => {
  it('is taken where it gives up little, and says why others are not in it', () => {
    const candidates = [
      fast('a', 'x'),
      fast('b', 'y', 11),
      fast('c', 'x'),
      fast('d', undefined, 11),
    ]
    expect(planned(...candidates)).toEqual({
      peers: [peer('a'), peer('c')],
      only: 'x',
      refused: [peer('b'), peer('d')],
    })
  })

  it('is not taken where it is much slower, or no class can hold the model', () => {
    const slow = [fast('a', 'x', 2), fast('c', 'x', 2)]
    const mixed = { peers: [peer('b'), peer('d')], only: undefined, refused: [] }
    expect(planned(...slow, fast('b', 'y'), fast('d', 'z'))).toEqual(mixed)
    expect(planned(fast('b', 'y'), fast('d', 'z'))).toEqual(mixed)
  })

  it('is the one in which most is faster, of several', () => {
    const [x, y] = [
      ['a', 'c'].map((name) => fast(name, 'x', 9.5)),
      ['b', 'd'].map((name) => fast(name, 'y')),
    ]
    expect(planned(...x, ...y, fast('e', undefined, 10.5)).only).toBe('y')
  })

  it('is the one that a text was begun in, however slow, as long as it can hold the model', () => {
    const candidates = [fast('a', 'x', 1), fast('b', 'y'), fast('c', 'x', 1), fast('d', 'y')]
    const asked = request({ candidates, stages: 2 })
    const only = (begun: string) => solveOneClass(asked, begun).request.numericClass
    expect([only('x'), only('y'), only('z')]).toEqual(['x', 'y', 'y'])
  })

  it('is any where nobody says what class it is of, as devices of before', () => {
    expect(planned(fast('a'), fast('b'))).toEqual({
      peers: [peer('a'), peer('b')],
      only: undefined,
      refused: [],
    })
  })

  it('throws what any plan throws', () => {
    const candidates = [fast('a', 'x')]
    expect(() => solveOneClass(request({ candidates, stages: 2 }))).toThrow(/stages/)
  })
})
