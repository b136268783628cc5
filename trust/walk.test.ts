import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../core/random.ts'
import { MASS_TOTAL, ROW_EDGES_MAX, ROW_SUM, WALK_STEPS } from './limits.ts'
import { walkGraphOf } from './transition.ts'
import { seededWalk, type WalkGraph } from './walk.ts'

interface Edge {
  readonly from: number
  readonly to: number
  readonly weight: number
}

function graphOf(nodes: number, edges: readonly Edge[], ranks = identity(nodes)): WalkGraph {
  return walkGraphOf(
    {
      count: edges.length,
      from: (edge) => edges[edge]?.from ?? 0,
      to: (edge) => edges[edge]?.to ?? 0,
      weight: (edge) => edges[edge]?.weight ?? 0,
    },
    ranks,
  )
}

function identity(nodes: number): Uint32Array {
  return Uint32Array.from({ length: nodes }, (_, index) => index)
}

/** Each from and to once, as the work graph gives them. */
const graphs = fc.integer({ min: 1, max: 24 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    seeds: fc.uniqueArray(fc.nat(nodes - 1), { minLength: 1, maxLength: nodes }),
    edges: fc.uniqueArray(
      fc.record({
        from: fc.nat(nodes - 1),
        to: fc.nat(nodes - 1),
        weight: fc.integer({ min: 1, max: 65_535 }),
      }),
      { selector: ({ from, to }) => from * 64 + to, maxLength: 80 },
    ),
  }),
)

/** The walk in integers without a bound. */
function oracle(graph: WalkGraph, seeds: readonly number[], movingQ12 = 2_048): readonly bigint[] {
  const total = BigInt(MASS_TOTAL)
  const nodes = graph.offsets.length - 1
  const home = (mass: bigint[], amount: bigint): void => {
    const each = amount / BigInt(seeds.length)
    for (const seed of seeds) mass[seed] = (mass[seed] ?? 0n) + each
    const first = seeds[0] ?? 0
    mass[first] = (mass[first] ?? 0n) + amount - each * BigInt(seeds.length)
  }
  let mass = Array.from({ length: nodes }, () => 0n)
  home(mass, total)
  for (let step = 0; step < WALK_STEPS; step++) {
    const next = Array.from({ length: nodes }, () => 0n)
    for (const [node, held] of mass.entries()) {
      for (let edge = graph.offsets[node] ?? 0; edge < (graph.offsets[node + 1] ?? 0); edge++) {
        const target = graph.targets[edge] ?? 0
        const moving = (held * BigInt(movingQ12)) / 4_096n
        const part = (moving * BigInt(graph.weights[edge] ?? 0)) / BigInt(ROW_SUM)
        next[target] = (next[target] ?? 0n) + part
      }
    }
    home(next, total - next.reduce((sum, part) => sum + part, 0n))
    mass = next
  }
  return mass
}

describe('a walk', () => {
  it('gives what unbounded integers give, to the last unit', () => {
    fc.assert(
      fc.property(graphs, ({ nodes, edges, seeds }) => {
        const graph = graphOf(nodes, edges)
        const mass = seededWalk(graph, Uint32Array.from(seeds))
        expect([...mass].map((units) => BigInt(units))).toEqual(oracle(graph, seeds))
      }),
    )
  })

  it('gives the same whatever share of the mass moves, and moves a half by itself', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 4_095 }), ({ nodes, edges, seeds }, share) => {
        const graph = graphOf(nodes, edges)
        const from = Uint32Array.from(seeds)
        const mass = seededWalk(graph, from, share)
        expect([...mass].map((units) => BigInt(units))).toEqual(oracle(graph, seeds, share))
        expect(seededWalk(graph, from, 2_048)).toEqual(seededWalk(graph, from))
      }),
    )
  })

  it('makes and loses no mass', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 4_095 }), ({ nodes, edges, seeds }, share) => {
        const mass = seededWalk(graphOf(nodes, edges), Uint32Array.from(seeds), share)
        return mass.reduce((sum, units) => sum + units, 0) === MASS_TOTAL
      }),
    )
  })

  it('leaves nothing with whom nobody worked for on behalf of a seed', () => {
    const mass = seededWalk(
      graphOf(5, [
        { from: 0, to: 1, weight: 3 },
        { from: 2, to: 3, weight: 9 },
        { from: 3, to: 2, weight: 9 },
        { from: 3, to: 0, weight: 9 },
      ]),
      Uint32Array.of(0),
    )
    expect([...mass.subarray(2)]).toEqual([0, 0, 0])
    expect(mass[1]).toBeGreaterThan(0)
  })

  it('gives an attacker the same, with one domain or with a thousand', () => {
    const shares = [1, 10, 1_000].map((sybils) => {
      const random = SeededRandom.fromInteger(5)
      const honest = 200
      const edges: Edge[] = []
      for (let from = 0; from < honest; from++) {
        for (let hop = 1; hop <= 6; hop++) {
          edges.push({ from, to: (from + hop * hop) % honest, weight: 1 + (random.uint32() % 99) })
        }
      }
      edges.push({ from: 3, to: honest, weight: 50 })
      for (let sybil = 0; sybil < sybils; sybil++) {
        edges.push({ from: honest + sybil, to: honest + ((sybil + 1) % sybils), weight: 9 })
      }
      const graph = graphOf(
        honest + sybils,
        edges.filter(({ from, to }) => from !== to),
      )
      const mass = seededWalk(graph, Uint32Array.of(0, 40, 80))
      return mass.subarray(honest).reduce((sum, units) => sum + units, 0) / MASS_TOTAL
    })
    const [one = 0, ten = 0, thousand = 0] = shares
    expect(one).toBeGreaterThan(0)
    // Fed once and sent around for ever, mass doubles at most: (1 − α) / α of what flows in stays.
    expect(ten / one).toBeLessThanOrEqual(2)
    expect(Math.abs(thousand / ten - 1)).toBeLessThan(0.002)
  })
})

describe('the rows of a walk', () => {
  it('sum to exactly as much as a row does, or are empty', () => {
    fc.assert(
      fc.property(graphs, ({ nodes, edges }) => {
        const { offsets, weights } = graphOf(nodes, edges)
        for (let node = 0; node < nodes; node++) {
          const row = weights.subarray(offsets[node], offsets[node + 1])
          const sum = row.reduce((total, weight) => total + weight, 0)
          expect(sum).toBe(edges.some(({ from }) => from === node) ? ROW_SUM : 0)
        }
      }),
    )
  })

  it('settle ties by the order of ids, and not of numbers', () => {
    const edges = [1, 2, 3].map((to) => ({ from: 0, to, weight: 7 }))
    const row = (ranks: Uint32Array): readonly number[] => [...graphOf(4, edges, ranks).weights]
    expect(row(Uint32Array.of(0, 1, 2, 3))).toEqual([1_366, 1_365, 1_365])
    expect(row(Uint32Array.of(0, 3, 2, 1))).toEqual([1_365, 1_365, 1_366])
  })

  it('keep the heaviest edges', () => {
    const edges = Array.from({ length: 400 }, (_, at) => ({ from: 0, to: at + 1, weight: at + 1 }))
    const { targets } = graphOf(401, edges)
    expect(targets.length).toBe(ROW_EDGES_MAX)
    expect(Math.min(...targets)).toBe(400 - ROW_EDGES_MAX + 1)
  })
})
