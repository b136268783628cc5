/**
 * Finds the places where a model may be cut, and what lies between them.
 *
 * Any position between two nodes could be one; useful are the few where little
 * crosses. Each is the narrowest of a stretch that takes one 64th of the work.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import { readGraph, type Graph } from '../graph/graph.ts'
import { liveTensors, namesAt, widths, type LiveTensor } from '../graph/liveness.ts'
import { depthFirstOrder, fileOrder } from '../graph/order.ts'
import { arranged } from '../graph/prune.ts'
import { CUT_TENSORS_MAX, LAYERS_MAX } from '../limits.ts'
import type { Cut, CutTensor, Layer } from '../manifest/manifest.ts'
import { asTensorType } from '../onnx/element-type.ts'
import type { ModelProto } from '../onnx/proto.ts'
import { attempt, refuse } from '../refuse.ts'
import {
  bytesOf,
  mayCross,
  nodeCost,
  sizesOf,
  type Measured,
  type NodeCost,
  type Sizes,
} from './node-cost.ts'
import { weightsOf } from './stage-weights.ts'

/** A model in the order in which it is cut, with its cuts and layers. */
export interface LayeredModel {
  readonly model: ModelProto
  readonly cuts: readonly Cut[]
  readonly layers: readonly Layer[]
  /** Names of the initializers that are blobs: what `tensors` of a layer counts. */
  readonly tensors: readonly string[]
}

/**
 * Cuts `model` into at most LAYERS_MAX layers.
 *
 * @param measured - Types and sizes of all tensors in a run with sample inputs, as far as known.
 */
export function layerModel(
  model: ModelProto,
  measured: ReadonlyMap<string, Measured>,
): Result<LayeredModel> {
  return attempt(() => {
    const given = accept(readGraph(model, 'blobs'))
    const needed = accept(readGraph(arranged(given, depthFirstOrder(given)), 'blobs'))
    // Both orders hold the same nodes; the file's is kept unless the other is narrower.
    const inFile = accept(readGraph(arranged(given, reachable(given)), 'blobs'))
    const cut = [inFile, needed].map((graph) => cutGraph(graph, measured))
    const [first, second] = cut
    const best =
      second !== undefined && first !== undefined && narrower(second, first) ? second : first
    if (best === undefined) return refuse('ONNX_GRAPH_INVALID', 'expected nodes that make outputs')
    return best
  })
}

function accept<T>(result: Result<T>): T {
  return result.type === 'value' ? result.value : refuse(result.code, result.reason)
}

/** The file's order without what no output needs. */
function reachable(graph: Graph): readonly number[] {
  const needed = new Set(depthFirstOrder(graph))
  return fileOrder(graph).filter((index) => needed.has(index))
}

const narrower = (a: LayeredModel, b: LayeredModel): boolean => meanWidth(a) < meanWidth(b)

function meanWidth({ cuts }: LayeredModel): number {
  const inner = cuts.slice(1, -1)
  const elements = inner.flatMap(({ tensors }) => tensors.map(({ dims }) => product(dims)))
  return elements.reduce((sum, size) => sum + size, 0) / Math.max(1, inner.length)
}

function cutGraph(graph: Graph, measured: ReadonlyMap<string, Measured>): LayeredModel {
  const order = fileOrder(graph)
  if (order.length === 0) return refuse('ONNX_GRAPH_INVALID', 'expected nodes that make outputs')
  const sizes = sizesOf(graph, measured)
  const live = liveTensors(graph, order)
  for (const name of [...graph.inputs, ...graph.outputs]) {
    if (!mayCross(sizes, name)) {
      refuse('ONNX_UNSUPPORTED', 'expected inputs and outputs to be tensors of numbers')
    }
  }
  const costs = order.map((index) => nodeCost(graph, index, sizes))
  const positions = choosePositions(candidates({ graph, live, sizes, costs }))
  const { tensors, needs } = weightsOf(graph, order)
  const fixed = graph.nodes.length - order.length
  const cuts = positions.map((position) => ({
    position: fixed + position,
    tensors: namesAt(graph, live, position).map((name) => cutTensor(name, sizes)),
  }))
  const bytes = widths(live, order.length + 1, (name) => bytesOf(sizes, name))
  const layers = positions.slice(1).map((end, index): Layer => {
    const start = positions[index] ?? 0
    const used = new Set(needs.slice(start, end).flat())
    const ascending = [...used].toSorted((a, b) => a - b)
    const inside = order.slice(start, end).map((node, at) => {
      const made = graph.nodes[node]?.output.reduce((sum, name) => sum + bytesOf(sizes, name), 0)
      return (bytes[start + at] ?? 0) + (made ?? 0)
    })
    return {
      flops: Math.round(total(costs.slice(start, end), 'flops')),
      readBytes: Math.round(total(costs.slice(start, end), 'readBytes')),
      weightBytes: ascending.reduce((sum, at) => sum + bytesOf(sizes, tensors[at] ?? ''), 0),
      activationBytes: Math.max(...inside),
      tensors: ascending,
    }
  })
  return { model: graph.model, cuts, layers, tensors }
}

function cutTensor(name: string, sizes: Sizes): CutTensor {
  const size = sizes(name)
  const type = asTensorType(size?.type)
  if (size === undefined || type === undefined) {
    return refuse('ONNX_UNSUPPORTED', 'expected tensors of numbers at a cut')
  }
  return { name, type, dims: size.dims }
}

interface Measurements {
  readonly graph: Graph
  readonly live: readonly LiveTensor[]
  readonly sizes: Sizes
  readonly costs: readonly NodeCost[]
}

/** A position where a cut is possible, with its width and the share of the work before it. */
interface Candidate {
  readonly position: number
  readonly bytes: number
  /** In [0, 1]. */
  readonly share: number
}

function candidates({ graph, live, sizes, costs }: Measurements): readonly Candidate[] {
  const positions = costs.length + 1
  const bytes = widths(live, positions, (name) => bytesOf(sizes, name))
  const tensors = widths(live, positions, () => 1)
  const barred = widths(live, positions, (name) => (mayCross(sizes, name) ? 0 : 1))
  const shares = sharesBefore(costs)
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

function sharesBefore(costs: readonly NodeCost[]): readonly number[] {
  const sums = [0]
  for (const { flops, readBytes } of costs) {
    // One operation more, so that nodes of unknown cost have a place too.
    sums.push((sums.at(-1) ?? 0) + 1 + Math.max(flops, FLOPS_PER_BYTE * readBytes))
  }
  const all = sums.at(-1) ?? 1
  return sums.map((sum) => sum / all)
}

/** How much wider than the narrowest position nearby a cut may be. */
const WIDTH_RATIO_MAX = 1.5
/** What counts as nearby, as a share of the work on each side. */
const NEARBY_SHARE = 1 / 8

/** The narrowest candidate of each of LAYERS_MAX equal shares of the work, and both ends. */
function choosePositions(all: readonly Candidate[]): readonly number[] {
  const end = all.at(-1)?.position ?? 0
  const best = new Map<number, Candidate>()
  for (const candidate of withoutWide(all.slice(1, -1))) {
    const stretch = Math.min(LAYERS_MAX - 2, Math.floor(candidate.share * (LAYERS_MAX - 1)))
    const other = best.get(stretch)
    if (other === undefined || candidate.bytes < other.bytes) best.set(stretch, candidate)
  }
  const inner = [...best.values()].map(({ position }) => position)
  return [0, ...inner, end].toSorted((a, b) => a - b)
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

function total(costs: readonly NodeCost[], key: keyof NodeCost): number {
  return costs.reduce((sum, cost) => sum + cost[key], 0)
}

function product(dims: readonly number[]): number {
  return dims.reduce((result, size) => result * size, 1)
}
