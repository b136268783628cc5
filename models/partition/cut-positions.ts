/**
 * Chooses, of all positions between two nodes, those where a model may be cut.
 *
 * A cut is good where little crosses, and needed where work or weights pile up.
 *
 * @module
 */

import type { Graph } from '../graph/graph.ts'
import { widths, type LiveTensor } from '../graph/liveness.ts'
import { CUT_TENSORS_MAX, LAYERS_MAX } from '../limits.ts'
import { refuse } from '../refuse.ts'
import { bytesOf, mayCross, type NodeCost, type Sizes } from './node-cost.ts'

/** What is known of a graph whose nodes run in an order. */
export interface Measurements {
  readonly graph: Graph
  readonly live: readonly LiveTensor[]
  readonly sizes: Sizes
  readonly costs: readonly NodeCost[]
  /** Of large weights, for each node. */
  readonly weightBytes: readonly number[]
}

/** Positions of cuts in ascending order, both ends among them; at most LAYERS_MAX lie between two. */
export function cutPositions(measurements: Measurements): readonly number[] {
  return choosePositions(candidates(measurements))
}

/** A position where a cut is possible, with its width and the share of the model before it. */
interface Candidate {
  readonly position: number
  readonly bytes: number
  /** Of work and weights, in [0, 1]. */
  readonly share: number
}

function candidates(measurements: Measurements): readonly Candidate[] {
  const { graph, live, sizes, costs, weightBytes } = measurements
  const positions = costs.length + 1
  const bytes = widths(live, positions, (name) => bytesOf(sizes, name))
  const tensors = widths(live, positions, () => 1)
  const barred = widths(live, positions, (name) => (mayCross(sizes, name) ? 0 : 1))
  const shares = sharesBefore(costs, weightBytes)
  return Array.from({ length: positions }, (_, position) => ({
    position,
    bytes: bytes[position] ?? 0,
    share: shares[position] ?? 1,
  })).filter(({ position }) => {
    const isEnd = position === 0 || position === graph.nodes.length - graph.fixed.size
    const fits = barred[position] === 0 && (tensors[position] ?? 0) <= CUT_TENSORS_MAX
    if (isEnd && !fits) refuse('ONNX_LIMIT', `expected at most ${CUT_TENSORS_MAX} inputs`)
    return fits
  })
}

/**
 * Operations that take as long as reading one byte of weights on a common device.
 *
 * Only weighs the two against each other where layers are chosen; plans use measured rates.
 */
const FLOPS_PER_BYTE = 4

/** The mean of the shares of work and of weights: a table takes a place too, though it is only looked up. */
function sharesBefore(
  costs: readonly NodeCost[],
  weightBytes: readonly number[],
): readonly number[] {
  // One operation more, so that nodes of unknown cost have a place too.
  const works = costs.map(({ flops, readBytes }) => 1 + Math.max(flops, FLOPS_PER_BYTE * readBytes))
  const work = sum(works)
  const weight = Math.max(1, sum(weightBytes))
  const shares = [0]
  for (const [index, one] of works.entries()) {
    const share = one / work + (weightBytes[index] ?? 0) / weight
    shares.push((shares.at(-1) ?? 0) + share)
  }
  const all = shares.at(-1) ?? 1
  return shares.map((share) => share / all)
}

/** How much wider than the narrowest position nearby a cut may be. */
const WIDTH_RATIO_MAX = 1.5
/** What counts as nearby, as a share of the model on each side. */
const NEARBY_SHARE = 1 / 8
/** A layer with a larger share of the model is cut again, though only wide cuts are left. */
const LAYER_SHARE_MAX = 1 / 10

/** The narrowest candidate of each equal share of the model, both ends, and what divides large layers. */
function choosePositions(all: readonly Candidate[]): readonly number[] {
  const end = all.at(-1)?.position ?? 0
  const best = new Map<number, Candidate>()
  // Large layers, at most one for each LAYER_SHARE_MAX, may be divided a few times.
  const stretches = LAYERS_MAX - 2 / LAYER_SHARE_MAX
  for (const candidate of withoutWide(all.slice(1, -1))) {
    const stretch = Math.floor(candidate.share * stretches)
    const other = best.get(stretch)
    if (other === undefined || candidate.bytes < other.bytes) best.set(stretch, candidate)
  }
  const inner = [...best.values()].map(({ position }) => position)
  const positions = [0, ...inner, end].toSorted((a, b) => a - b)
  const byPosition = new Map(all.map((candidate, index) => [candidate.position, index]))
  return divided(
    all,
    positions.map((position) => byPosition.get(position) ?? 0),
  )
}

/** Adds cuts inside layers that are too large, as long as there are any and LAYERS_MAX allows. */
function divided(all: readonly Candidate[], chosen: readonly number[]): readonly number[] {
  const indexes = [...chosen]
  for (let at = 1; at < indexes.length && indexes.length <= LAYERS_MAX;) {
    const middle = divider(all, indexes[at - 1] ?? 0, indexes[at] ?? 0)
    if (middle === undefined) at++
    else indexes.splice(at, 0, middle)
  }
  return indexes.map((index) => all[index]?.position ?? 0)
}

/** The narrowest candidate in the middle half of a layer that is too large, or undefined. */
function divider(all: readonly Candidate[], from: number, to: number): number | undefined {
  const start = shareAt(all, from)
  const size = shareAt(all, to) - start
  if (size <= LAYER_SHARE_MAX) return undefined
  const isMiddle = (index: number): boolean =>
    Math.abs(shareAt(all, index) - (start + size / 2)) <= size / 4
  let best: number | undefined
  for (let index = from + 1; index < to; index++) {
    const narrower = best === undefined || bytesAt(all, index) < bytesAt(all, best)
    if (narrower && isMiddle(index)) best = index
  }
  return best
}

function bytesAt(all: readonly Candidate[], index: number): number {
  return all[index]?.bytes ?? Infinity
}

function shareAt(all: readonly Candidate[], index: number): number {
  return all[index]?.share ?? 1
}

function withoutWide(inner: readonly Candidate[]): readonly Candidate[] {
  const narrow: Candidate[] = []
  let from = 0
  let to = 0
  // A window over ascending shares: the positions in it are those nearby.
  for (const candidate of inner) {
    while ((inner[from]?.share ?? 1) < candidate.share - NEARBY_SHARE) from++
    while (to < inner.length && (inner[to]?.share ?? 1) <= candidate.share + NEARBY_SHARE) to++
    const least = leastBytes(inner, from, to)
    if (candidate.bytes <= WIDTH_RATIO_MAX * least) narrow.push(candidate)
  }
  return narrow
}

function leastBytes(inner: readonly Candidate[], from: number, to: number): number {
  let least = Infinity
  for (let index = from; index < to; index++) least = Math.min(least, inner[index]?.bytes ?? least)
  return least
}

function sum(values: readonly number[]): number {
  return values.reduce((result, value) => result + value, 0)
}
