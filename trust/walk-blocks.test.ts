import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { SeededRandom } from '../core/random.ts'
import { MASS_TOTAL, ROW_SUM, WALK_STEPS } from './limits.ts'
import { BLOCK_NODES, spreadBlocks, walkBlocksOf } from './walk-blocks.ts'
import { seededWalk, type WalkGraph } from './walk.ts'

/** Rows by node; a weight and a target for each edge. */
function graphOf(rows: readonly (readonly (readonly [number, number])[])[]): WalkGraph {
  const edges = rows.flat()
  let end = 0
  return {
    offsets: Uint32Array.from([0, ...rows.map((row) => (end += row.length))]),
    targets: Uint32Array.from(edges, ([, target]) => target),
    weights: Uint16Array.from(edges, ([weight]) => weight),
  }
}

/** What moves along all edges, row by row. */
function spreadRows({ offsets, targets, weights }: WalkGraph, moving: Float64Array): Float64Array {
  const next = new Float64Array(moving.length)
  for (const [node, share] of moving.entries()) {
    for (let edge = offsets[node] ?? 0; edge < (offsets[node + 1] ?? 0); edge++) {
      const target = targets[edge] ?? 0
      next[target] = (next[target] ?? 0) + Math.floor(share * (weights[edge] ?? 0))
    }
  }
  return next
}

const graphs = fc.integer({ min: 1, max: 40 }).chain((nodes) => {
  const edge = fc.tuple(fc.nat(ROW_SUM), fc.nat(nodes - 1))
  const row = fc.oneof(fc.constant([]), fc.array(edge, { maxLength: 9 }))
  return fc.array(row, { minLength: nodes, maxLength: nodes })
})

it('blocks of any size move what rows move, or are not made', () => {
  fc.assert(
    fc.property(graphs, fc.constantFrom(1, 2, 8, 64), (rows, blockNodes) => {
      const graph = graphOf(rows)
      const random = SeededRandom.fromInteger(rows.length)
      const moving = Float64Array.from(rows, () => (random.uint32() * 256) / ROW_SUM)
      const blocks = walkBlocksOf(graph, blockNodes)
      if (blocks === undefined) return
      const next = new Float64Array(rows.length)
      spreadBlocks(blocks, moving, next)
      expect(next).toEqual(spreadRows(graph, moving))
    }),
  )
})

it('sources that are far apart are bridged, as long as edges are the most', () => {
  const rows = (gap: number): WalkGraph =>
    graphOf(
      Array.from({ length: 4 * gap }, (_, node) =>
        node % gap === gap - 1 ? [1, 2, 3, 4].map((target) => [target, target] as const) : [],
      ),
    )
  const graph = rows(15)
  const blocks = walkBlocksOf(graph, 64)
  expect(blocks?.words.length).toBe(graph.targets.length + 1 + 3 * 2)
  const moving = Float64Array.from({ length: 60 }, (_, node) => node)
  const next = new Float64Array(60)
  spreadBlocks(blocks as NonNullable<typeof blocks>, moving, next)
  expect(next).toEqual(spreadRows(graph, moving))
  expect(walkBlocksOf(rows(29), 64)).toBeUndefined()
})

it('a walk of more nodes than a block has is that of its rows', () => {
  const nodes = BLOCK_NODES + 1_000
  const random = SeededRandom.fromInteger(3)
  const rows = Array.from({ length: nodes }, () =>
    [1_096, 1_500, 1_500].map((weight) => [weight, random.uint32() % nodes] as const),
  )
  const graph = graphOf(rows)
  expect(walkBlocksOf(graph)).toBeDefined()
  let mass = new Float64Array(nodes)
  mass[7] = MASS_TOTAL
  for (let step = 0; step < WALK_STEPS; step++) {
    const next = spreadRows(
      graph,
      mass.map((units) => Math.floor(units / 2) / ROW_SUM),
    )
    next[7] = (next[7] ?? 0) + MASS_TOTAL - next.reduce((sum, units) => sum + units, 0)
    mass = Float64Array.from(next)
  }
  expect(seededWalk(graph, Uint32Array.of(7))).toEqual(mass)
})
