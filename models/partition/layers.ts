/**
 * Finds the places where a model may be cut, and what lies between them.
 *
 * Any position between two nodes could be one; useful are the few where little
 * crosses. Each is the narrowest of a stretch that takes a small share of the work.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import { readGraph, type Graph } from '../graph/graph.ts'
import { liveTensors, namesAt, widths } from '../graph/liveness.ts'
import { depthFirstOrder, fileOrder } from '../graph/order.ts'
import { arranged } from '../graph/prune.ts'
import type { Cut, CutTensor, Layer } from '../manifest/manifest.ts'
import { asTensorType } from '../onnx/element-type.ts'
import type { ModelProto } from '../onnx/proto.ts'
import { attempt, refuse } from '../refuse.ts'
import { localNames, localTensors } from '../text/decoder-tensors.ts'
import type { TextOutline } from '../text/text-outline.ts'
import { cutPositions } from './cut-positions.ts'
import { cachesOfLayers, decoderPositions } from './decoder-cuts.ts'
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
  /** How many caches each layer holds; none but in a decoder that generates. */
  readonly caches: readonly number[]
}

/**
 * Cuts `model` into at most LAYERS_MAX layers.
 *
 * @param measured - Types and sizes of all tensors in a run with sample inputs, as far as known.
 * @param text - Of a decoder that generates: it is cut between its layers.
 */
export function layerModel(
  model: ModelProto,
  measured: ReadonlyMap<string, Measured>,
  text?: TextOutline,
): Result<LayeredModel> {
  return attempt(() => {
    const given = accept(readGraph(model, 'blobs'))
    const inFile = accept(readGraph(arranged(given, reachable(given)), 'blobs'))
    if (text !== undefined) return cutGraph(inFile, measured, text)
    const needed = accept(readGraph(arranged(given, depthFirstOrder(given)), 'blobs'))
    // Both orders hold the same nodes; the file's is kept unless the other is narrower.
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
  return sum(elements) / Math.max(1, inner.length)
}

function cutGraph(
  graph: Graph,
  measured: ReadonlyMap<string, Measured>,
  text?: TextOutline,
): LayeredModel {
  const order = fileOrder(graph)
  if (order.length === 0) return refuse('ONNX_GRAPH_INVALID', 'expected nodes that make outputs')
  const sizes = sizesOf(graph, measured)
  const local =
    text === undefined ? new Set<string>() : localNames(localTensors(text.attentionLayers, text))
  const live = liveTensors(graph, order, local)
  for (const name of [...graph.inputs, ...graph.outputs]) {
    if (!mayCross(sizes, name)) {
      refuse('ONNX_UNSUPPORTED', 'expected inputs and outputs to be tensors of numbers')
    }
  }
  const costs = order.map((index) => nodeCost(graph, index, sizes))
  const { tensors, needs } = weightsOf(graph, order)
  const weightBytes = needs.map((held) => sum(held.map((at) => bytesOf(sizes, tensors[at] ?? ''))))
  const positions =
    text === undefined
      ? cutPositions({ graph, live, sizes, costs, weightBytes })
      : decoderPositions(graph, live, text)
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
      const crossing = graph.nodes[node]?.output.filter((name) => !local.has(name)) ?? []
      const made = crossing.map((name) => bytesOf(sizes, name))
      return (bytes[start + at] ?? 0) + sum(made)
    })
    return {
      flops: Math.round(total(costs.slice(start, end), 'flops')),
      readBytes: Math.round(total(costs.slice(start, end), 'readBytes')),
      weightBytes: sum(ascending.map((at) => bytesOf(sizes, tensors[at] ?? ''))),
      activationBytes: inside.reduce((most, one) => Math.max(most, one), 0),
      tensors: ascending,
    }
  })
  const inLayers = positions.slice(1).map((end, index) => order.slice(positions[index], end))
  const caches = text === undefined ? [] : cachesOfLayers(graph, inLayers, text)
  return { model: graph.model, cuts, layers, tensors, caches }
}

function cutTensor(name: string, sizes: Sizes): CutTensor {
  const size = sizes(name)
  const type = asTensorType(size?.type)
  if (size === undefined || type === undefined) {
    return refuse('ONNX_UNSUPPORTED', 'expected tensors of numbers at a cut')
  }
  return { name, type, dims: size.dims }
}

function total(costs: readonly NodeCost[], key: keyof NodeCost): number {
  return sum(costs.map((cost) => cost[key]))
}

function sum(values: readonly number[]): number {
  return values.reduce((result, value) => result + value, 0)
}

function product(dims: readonly number[]): number {
  return dims.reduce((result, size) => result * size, 1)
}
