/**
 * One stage of a model as an ONNX model of its own, cut out of the skeleton.
 *
 * @module
 */

import { shapeText, type TensorSpec } from '../../core/tensor.ts'
import type { Result } from '../errors.ts'
import { declaredSpec, readGraph, type Graph } from '../graph/graph.ts'
import { liveTensors, namesAt, type LiveTensor } from '../graph/liveness.ts'
import { fileOrder } from '../graph/order.ts'
import { fixedNeeds } from '../graph/prune.ts'
import { isExternal, tensorShape } from '../graph/tensor-content.ts'
import type { BlobRef, Cut, CutTensor, Manifest, ModelTensor } from '../manifest/manifest.ts'
import { valueInfo } from '../onnx/author.ts'
import type { ModelProto, TensorProto } from '../onnx/proto.ts'
import { attempt, refuse } from '../refuse.ts'
import { cacheCount, cachesOf } from '../text/caches.ts'
import {
  isCacheName,
  localNames,
  localTensors,
  pastNames,
  presentNames,
  type LocalTensors,
} from '../text/decoder-tensors.ts'
import { hiddenHead, type HeadNodes, type HiddenHead } from '../text/hidden-state.ts'
import { externalTensor } from './skeleton.ts'
import { isLayerRange, stageNeeds } from './stage-needs.ts'
import { initializersOf } from './stage-weights.ts'

/** A run of layers: from `fromLayer` up to, not including, `toLayer`. */
export interface LayerRange {
  readonly fromLayer: number
  readonly toLayer: number
}

/** Tensors that stay on the device of a stage, under the names of text/decoder-tensors.ts. */
export interface StageLocals extends LocalTensors {
  /** The caches that it keeps, by their indexes. */
  readonly caches: readonly number[]
}

/** What a stage takes, gives and needs. */
export interface StageDescription extends LayerRange {
  /** Cut `fromLayer`: what arrives, in the order of the wire. */
  readonly receives: readonly CutTensor[]
  /** Cut `toLayer`: what leaves, in the order of the wire. Each is one of `outputs` or of `passed`. */
  readonly sends: readonly CutTensor[]
  /** Inputs of the stage's graph: those of `receives` that it computes with. */
  readonly inputs: readonly TensorSpec[]
  /** Outputs of the stage's graph: those of `sends` that it makes. */
  readonly outputs: readonly TensorSpec[]
  /** Names of `receives` that must be forwarded untouched; one may be an input too. */
  readonly passed: readonly string[]
  /** What its graph takes and gives beside those; nothing but in a decoder that generates. */
  readonly local: StageLocals
  /** Blobs that the stage's file refers to, each once. */
  readonly blobs: readonly BlobRef[]
  readonly weightBytes: number
  readonly flops: number
}

export interface Stage {
  readonly model: ModelProto
  readonly description: StageDescription
}

/** What the stage with the head of a decoder gives: logits, as the model does, or what they are made of. */
export type HeadGives = 'logits' | 'hidden'

/**
 * The stage of `range`, with its large weights as external data in the blob store.
 *
 * Neither skeleton nor manifest is trusted: what does not fit together is refused.
 *
 * @param head - Makes a difference at the last layer of a decoder that generates.
 */
export function buildStage(
  skeleton: ModelProto,
  manifest: Manifest,
  range: LayerRange,
  head: HeadGives = 'logits',
): Result<Stage> {
  if (!isLayerRange(manifest, range)) {
    const { length } = manifest.layers
    return {
      type: 'refused',
      code: 'MODELS_RANGE_INVALID',
      reason: `expected layers in [0, ${length}]`,
    }
  }
  const read = readGraph(skeleton, 'blobs')
  return read.type === 'refused' ? read : attempt(() => cutStage(read.value, manifest, range, head))
}

function cutStage(graph: Graph, manifest: Manifest, range: LayerRange, head: HeadGives): Stage {
  const order = fileOrder(graph)
  const live = liveTensors(graph, order, localNames(localsOf(manifest)))
  const fixed = graph.nodes.length - order.length
  const [start, receives] = checkedCut(graph, manifest.cuts[range.fromLayer], { live, fixed })
  const [end, ends] = checkedCut(graph, manifest.cuts[range.toLayer], { live, fixed })
  const isHidden = head === 'hidden' && range.toLayer === manifest.layers.length
  const { nodes, sends } = isHidden
    ? hiddenEnd(graph, manifest, live, { nodes: order.slice(start, end), start })
    : { nodes: order.slice(start, end), sends: ends }
  const received = new Set(receives.map(({ name }) => name))
  const used = new Set(nodes.flatMap((node) => graph.needs[node] ?? []))
  const spec = (tensor: CutTensor) => specOf(graph, manifest, tensor)
  const inputs = receives.filter(({ name }) => used.has(name)).map(spec)
  const outputs = sends.filter(({ name }) => !received.has(name)).map(spec)
  const local = stageLocals(graph, manifest, { ...range, nodes })
  const { initializers, tensors } = stageWeights(graph, manifest, nodes)
  const needs = stageNeeds(manifest, range)
  const listed = new Set(needs.blobs.map(({ id }) => id))
  // A device fetches what the manifest lists: the graph must need just that.
  if (tensors.some(({ blob }) => !listed.has(blob.id))) mismatch('weights listed for their layers')
  const kept = [...fixedNeeds(graph, nodes), ...nodes]
  return {
    model: {
      ...graph.model,
      graph: {
        ...graph.proto,
        node: kept.flatMap((index) => graph.nodes[index] ?? []),
        initializer: initializers,
        input: [...inputs, ...local.inputs].map(valueInfo),
        output: [...outputs, ...local.outputs].map(valueInfo),
        valueInfo: [],
        quantizationAnnotation: [],
      },
    },
    description: {
      ...range,
      receives,
      sends,
      inputs,
      outputs,
      passed: sends.filter(({ name }) => received.has(name)).map(({ name }) => name),
      local,
      blobs: needs.blobs,
      weightBytes: needs.weightBytes,
      flops: needs.flops,
    },
  }
}

function hiddenEnd(
  graph: Graph,
  manifest: Manifest,
  live: readonly LiveTensor[],
  part: Pick<HeadNodes, 'nodes' | 'start'>,
): HiddenHead {
  const kept = new Set(localsOf(manifest).outputs.map(({ name }) => name))
  const [stream] = manifest.cuts[manifest.layers.length - 1]?.tensors ?? []
  return hiddenHead(graph, live, { ...part, kept }, stream)
}

/** Those tensors of the model that cross no cut. */
function localsOf({ text }: Manifest): LocalTensors {
  return text === undefined ? { inputs: [], outputs: [] } : localTensors(cacheCount(text), text)
}

/** The local tensors of a stage's nodes, proved to be the caches that the manifest gives its layers. */
function stageLocals(
  graph: Graph,
  manifest: Manifest,
  { nodes, ...range }: LayerRange & { readonly nodes: readonly number[] },
): StageLocals {
  const locals = localsOf(manifest)
  const needed = new Set(nodes.flatMap((node) => graph.needs[node] ?? []))
  const made = new Set(nodes.flatMap((node) => graph.nodes[node]?.output ?? []))
  const inputs = locals.inputs.filter(({ name }) => needed.has(name))
  const outputs = locals.outputs.filter(({ name }) => made.has(name))
  const caches = manifest.text === undefined ? [] : cachesOf(manifest.text, range)
  const listed = new Set(
    caches.flatMap((cache) => [
      ...Object.values(pastNames(cache)),
      ...Object.values(presentNames(cache)),
    ]),
  )
  const used = [...inputs, ...outputs].filter(({ name }) => isCacheName(name))
  const agrees = used.length === listed.size && used.every(({ name }) => listed.has(name))
  return agrees ? { inputs, outputs, caches } : mismatch('the listed caches in each layer')
}

interface Positions {
  readonly live: readonly LiveTensor[]
  /** Fixed nodes, which stand before all others in a skeleton. */
  readonly fixed: number
}

/** A cut's position among the nodes that are not fixed, and its tensors, proved to be what is live there. */
function checkedCut(
  graph: Graph,
  cut: Cut | undefined,
  { live, fixed }: Positions,
): readonly [number, readonly CutTensor[]] {
  if (cut === undefined) return mismatch('a cut at both ends of a stage')
  const position = cut.position - fixed
  if (position < 0 || cut.position > graph.nodes.length) mismatch('cuts between its nodes')
  const names = namesAt(graph, live, position)
  const agrees =
    names.length === cut.tensors.length &&
    names.every((name, index) => name === cut.tensors[index]?.name)
  return agrees ? [position, cut.tensors] : mismatch('cuts that name all live tensors')
}

/** The rank is certain, sizes only where the model or the file says so: other inputs give other sizes. */
function specOf(graph: Graph, manifest: Manifest, { name, type, dims }: CutTensor): TensorSpec {
  const port = [...manifest.inputs, ...manifest.outputs].find((spec) => spec.name === name)
  const declared = port ?? declaredSpec(graph, name)
  if (declared?.type === type && declared.dims.length === dims.length) return declared
  return { name, type, dims: dims.map(() => null) }
}

interface Weights {
  readonly initializers: readonly TensorProto[]
  /** Those of `initializers` that are blobs. */
  readonly tensors: readonly ModelTensor[]
}

function stageWeights(graph: Graph, manifest: Manifest, nodes: readonly number[]): Weights {
  const known = new Map(manifest.tensors.map((tensor) => [tensor.name, tensor]))
  const tensors: ModelTensor[] = []
  const initializers = initializersOf(graph, nodes).flatMap((name) => {
    const initializer = graph.initializers.get(name)
    if (initializer === undefined || !isExternal(initializer)) return initializer ?? []
    const tensor = known.get(name)
    if (tensor === undefined || !sameShape(initializer, tensor)) {
      return mismatch('weights of the listed names and shapes')
    }
    tensors.push(tensor)
    // Written anew: where a stranger's graph points to must never reach the runtime.
    return externalTensor(tensor)
  })
  return { initializers, tensors }
}

function sameShape(initializer: TensorProto, tensor: ModelTensor): boolean {
  const shape = tensorShape(initializer)
  return shape?.type === tensor.type && shapeText(shape.dims) === shapeText(tensor.dims)
}

function mismatch(expected: string): never {
  return refuse('MODELS_SKELETON_MISMATCH', `expected a graph with ${expected}`)
}
