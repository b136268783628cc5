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
  let mass = new Float64Array(nodes)
  let next = new Float64Array(nodes)
  goHome(mass, seeds, MASS_TOTAL)
  for (let step = 0; step < WALK_STEPS; step++) {
    next.fill(0)
    const given = spread(graph, { mass, next, movingQ12 })
    // What went home on purpose, had no row to go to, or was rounded off.
    goHome(next, seeds, MASS_TOTAL - given)
    ;[mass, next] = [next, mass]
  }
  return mass
}

/** A power of two: multiplying by it is dividing by {@link ROW_SUM}, exactly. */
const ROW_SHARE: number = 1 / ROW_SUM

/** The same for the parts that this share is told in. */
const MOVING_SHARE: number = 1 / 4_096

interface WalkStep {
  readonly mass: Float64Array
  /** Takes what moves. */
  readonly next: Float64Array
  readonly movingQ12: number
}

/** One step of every node; returns how much of the mass moved along edges. */
function spread(
  { offsets, targets, weights }: WalkGraph,
  { mass, next, movingQ12 }: WalkStep,
): number {
  const nodes = mass.length
  let given = 0
  for (let node = 0; node < nodes; node++) {
    // What stays is rounded up, and goes home. At most 2^40 · 2^12: the product is exact.
    const moving = Math.floor((mass[node] as number) * movingQ12 * MOVING_SHARE)
    if (moving === 0) continue
    const end = offsets[node + 1] as number
    for (let edge = offsets[node] as number; edge < end; edge++) {
      // As large at most.
      const part = Math.floor(moving * (weights[edge] as number) * ROW_SHARE)
      const target = targets[edge] as number
      next[target] = (next[target] as number) + part
      given += part
    }
  }
  return given
}

function goHome(mass: Float64Array, seeds: Uint32Array, amount: number): void {
  const each = Math.floor(amount / seeds.length)
  for (const seed of seeds) mass[seed] = (mass[seed] as number) + each
  const first = seeds[0] as number
  mass[first] = (mass[first] as number) + amount - each * seeds.length
}
