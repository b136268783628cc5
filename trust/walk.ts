/**
 * How trust spreads: a walk that starts at the seeds, follows who worked for whom, and goes home every second time.
 *
 * EigenTrust with a pre-trusted set (Kamvar, Schlosser, Garcia-Molina 2003), with α = 1/2 and a
 * fixed number of steps, in integers: every device gets the same mass to the last unit, and none is
 * ever made or lost. A region that no honest domain works for holds nothing, however many
 * domains it has.
 *
 * @module
 */

import { invariant } from '../core/invariant.ts'
import { MASS_TOTAL, ROW_SUM, WALK_MOVING_Q12, WALK_STEPS } from './limits.ts'
import { BLOCK_NODES, spreadBlocks, walkBlocksOf } from './walk-blocks.ts'

/** Rows of a sparse matrix: the edges of row i are those from `offsets[i]` to before `offsets[i + 1]`. */
export interface WalkGraph {
  readonly offsets: Uint32Array
  readonly targets: Uint32Array
  /** Those of one row sum to {@link ROW_SUM}, or to less, and the rest goes home. */
  readonly weights: Uint16Array
}

/**
 * The mass of each node after {@link WALK_STEPS} steps. They sum to {@link MASS_TOTAL}.
 *
 * @param seeds - Where the walk starts and goes home to, at least one; the first is given what a
 *   division leaves over.
 * @param movingQ12 - How much of each mass moves at a step, from 1 to 4,095 of 4,096: another share than that of all
 *   meshes is for whoever asks what it would lead to.
 */
export function seededWalk(
  graph: WalkGraph,
  seeds: Uint32Array,
  movingQ12: number = WALK_MOVING_Q12,
): Float64Array {
  invariant(seeds.length > 0, 'a walk starts somewhere')
  const nodes = graph.offsets.length - 1
  const spread = spreadOf(graph)
  let mass = new Float64Array(nodes)
  let next = new Float64Array(nodes)
  goHome(mass, seeds, MASS_TOTAL)
  for (let step = 0; step < WALK_STEPS; step++) {
    setMoving(mass, movingQ12)
    next.fill(0)
    spread(mass, next)
    // What went home on purpose, had no row to go to, or was rounded off.
    goHome(next, seeds, MASS_TOTAL - sumOf(next))
    ;[mass, next] = [next, mass]
  }
  return mass
}

/** Adds to `next` what moves along all edges; `moving` is divided by {@link ROW_SUM}, which times a weight is exact. */
type Spread = (moving: Float64Array, next: Float64Array) => void

function spreadOf(graph: WalkGraph): Spread {
  const isLarge = graph.offsets.length - 1 > BLOCK_NODES
  const blocks = isLarge ? walkBlocksOf(graph) : undefined
  return blocks === undefined
    ? (moving, next) => spreadRows(graph, moving, next)
    : (moving, next) => spreadBlocks(blocks, moving, next)
}

/** A power of two: multiplying by it is dividing by {@link ROW_SUM}, exactly. */
const ROW_SHARE: number = 1 / ROW_SUM

/** The same for the parts that this share is told in. */
const MOVING_SHARE: number = 1 / 4_096

/** Puts in place of each mass what of it moves, divided by {@link ROW_SUM}. */
function setMoving(mass: Float64Array, movingQ12: number): void {
  for (let node = 0; node < mass.length; node++) {
    // What stays is rounded up, and goes home. At most 2^40 · 2^12: the product is exact.
    mass[node] = Math.floor((mass[node] as number) * movingQ12 * MOVING_SHARE) * ROW_SHARE
  }
}

function spreadRows(
  { offsets, targets, weights }: WalkGraph,
  moving: Float64Array,
  next: Float64Array,
): void {
  for (let node = 0; node < moving.length; node++) {
    const share = moving[node] as number
    if (share === 0) continue
    const end = offsets[node + 1] as number
    for (let edge = offsets[node] as number; edge < end; edge++) {
      const target = targets[edge] as number
      next[target] = (next[target] as number) + Math.floor(share * (weights[edge] as number))
    }
  }
}

/** At most {@link MASS_TOTAL}: each sum on the way is exact. */
function sumOf(masses: Float64Array): number {
  let sum = 0
  for (let node = 0; node < masses.length; node++) sum += masses[node] as number
  return sum
}

function goHome(mass: Float64Array, seeds: Uint32Array, amount: number): void {
  const each = Math.floor(amount / seeds.length)
  for (const seed of seeds) mass[seed] = (mass[seed] as number) + each
  const first = seeds[0] as number
  mass[first] = (mass[first] as number) + amount - each * seeds.length
}
