import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bruteForce } from './brute-force.ts'
import { searchChains } from './chain-search.ts'
import { CostModel } from './cost-model.ts'
import { measuredRequest, randomRequest } from './placement-fixture.ts'

const anySize = fc.record({
  devices: fc.integer({ min: 1, max: 4 }),
  layers: fc.integer({ min: 1, max: 7 }),
})

/** Best score of the search and of trying everything. */
function scores(
  seed: number,
  size: { devices: number; layers: number },
  exactDevicesMax: number,
  make = randomRequest,
) {
  const cost = new CostModel(make(seed, size))
  const { candidates } = cost.request
  const { best } = searchChains(cost, { candidates, stagesMin: 1, stagesMax: 8, exactDevicesMax })
  return {
    found: best[0]?.score ?? Infinity,
    forced: bruteForce(cost, candidates).score,
    best,
    cost,
  }
}

describe('chain search', () => {
  it('finds what trying every pipeline finds', () => {
    fc.assert(
      fc.property(fc.nat(), anySize, (seed, size) => {
        const { found, forced } = scores(seed, size, 6)
        return found === forced || Math.abs(found / forced - 1) < 1e-9
      }),
      { numRuns: 150 },
    )
  })

  it('finds it also with devices and links that were measured, and in a ring', () => {
    fc.assert(
      fc.property(fc.nat(), anySize, (seed, size) => {
        const { found, forced } = scores(seed, size, 6, measuredRequest)
        return found === forced || Math.abs(found / forced - 1) < 1e-9
      }),
      { numRuns: 150 },
    )
  })

  it('cuts nowhere but where it may', () => {
    fc.assert(
      fc.property(fc.nat(), fc.subarray([1, 2, 3, 4, 5]), (seed, cuts) => {
        const cost = new CostModel({ ...randomRequest(seed, { devices: 4, layers: 6 }), cuts })
        const { candidates } = cost.request
        const stages = Math.min(4, cuts.length + 1)
        const bounds = { stagesMin: stages, stagesMax: stages }
        const { best } = searchChains(cost, { candidates, ...bounds })
        return best.every(({ spans }) =>
          spans.slice(1).every(({ fromLayer }) => cuts.includes(fromLayer)),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('tells the score that the cost model gives the pipeline', () => {
    fc.assert(
      fc.property(fc.nat(), anySize, (seed, size) => {
        const { best, cost } = scores(seed, size, 6)
        return best.every(
          ({ spans, score }) => Math.abs(cost.chain(spans).score / score - 1) < 1e-9,
        )
      }),
      { numRuns: 100 },
    )
  })

  it('gives stages that cover all layers in order and fit where they are', () => {
    fc.assert(
      fc.property(fc.nat(), anySize, fc.constantFrom(0, 6), (seed, size, exact) => {
        const { best, cost } = scores(seed, size, exact)
        return best.every(({ spans }) => {
          const starts = [...spans.map((span) => span.fromLayer), size.layers]
          const ends = [0, ...spans.map((span) => span.toLayer)]
          const fits = spans.every(
            ({ candidate, fromLayer, toLayer }) =>
              cost.memoryBytes(fromLayer, toLayer) <= candidate.memoryBytes,
          )
          return fits && starts.join() === ends.join()
        })
      }),
      { numRuns: 100 },
    )
  })

  it('loses little with the beam', () => {
    const ratios = Array.from({ length: 60 }, (_, seed) => {
      const { found, forced } = scores(seed, { devices: 4, layers: 7 }, 0)
      return found === forced ? 1 : found / forced
    })

    expect(Math.max(...ratios)).toBeLessThan(1.05)
  })

  it('tells the three best without telling an order of devices twice', () => {
    const { best } = scores(7, { devices: 4, layers: 6 }, 6)
    const orders = best.map(({ spans }) => spans.map((span) => span.candidate.peer).join(' '))

    expect(best).toHaveLength(3)
    expect(new Set(orders).size).toBe(3)
    expect(best.map(({ score }) => score)).toEqual(
      best.map(({ score }) => score).toSorted((a, b) => a - b),
    )
  })
})
