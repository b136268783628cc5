/**
 * Puts a model into the store: its weights as blobs, its graph cut into layers, its manifest.
 *
 * @module
 */

import type { ModelId } from '../../core/ids.ts'
import type { TensorSpec } from '../../core/tensor.ts'
import {
  accepted,
  declaredSpec,
  encodeManifest,
  encodeModel,
  encodeModelChunks,
  exposed,
  layerModel,
  ModelError,
  modelIdOf,
  openDims,
  readGraph,
  sampleDims,
  sampleInputs,
  skeletonOf,
  SKELETON_BYTES_MAX,
  type Generator,
  type LayeredModel,
  type Manifest,
  type ModelProto,
  type ModelTensor,
  type OpenDims,
} from '../../models/index.ts'
import { CatalogueError } from './errors.ts'
import type { LongWork, ModelComponents } from './ports.ts'
import type { Workspace } from './workspace.ts'

/** What is known of a model beside its graph. */
export interface ModelLabel {
  readonly name: string
  readonly licence: string
  readonly source: string
}

export interface ImportedModel {
  readonly id: ModelId
  readonly manifest: Manifest
}

/** A model whose weights are not in the store yet. */
export interface ModelContent {
  /** Large initializers may be without data here. */
  readonly model: ModelProto
  readonly weights: readonly WeightContent[]
  /** Sizes of open dimensions for the run that measures; others get usual ones. */
  readonly dims: OpenDims
  readonly generator: Generator | undefined
}

export interface WeightContent extends Omit<ModelTensor, 'blob'> {
  readonly content: () => Uint8Array | Promise<Uint8Array>
}

/** Any seed: costs do not depend on values. */
const MEASURE_SEED = 1

export interface StoreInit {
  readonly label: ModelLabel
  readonly content: ModelContent
}

/** Stores a model, and keeps what it stored. @throws {ModelError} {CatalogueError} RuntimeError; StorageError. */
export async function storeModel(
  components: ModelComponents,
  workspace: Workspace,
  { label, content }: StoreInit,
  work: LongWork,
): Promise<ImportedModel> {
  const graph = accepted(readGraph(content.model, 'none'))
  const inputs = graph.inputs.map((name) => {
    const spec = declaredSpec(graph, name)
    if (spec !== undefined) return spec
    const reason = 'expected inputs that are tensors of numbers with a known rank'
    throw new ModelError({ code: 'ONNX_UNSUPPORTED', reason })
  })
  checkDims(inputs, content.dims, content.generator === undefined)
  const tensors = await storeWeights(workspace, content.weights, work)
  const outline = skeletonOf(content.model, tensors)
  const samples = inputs.map(({ name, ...spec }) => ({
    name,
    dims: sampleDims({ name, ...spec }, content.dims),
  }))
  const { layered, specs } = await measure(components, workspace, {
    outline,
    inputs,
    sizes: samples.map(({ dims }) => dims),
    work,
  })
  const skeleton = encodeModel(layered.model)
  if (skeleton.length > SKELETON_BYTES_MAX) {
    const reason = `expected a graph of at most ${SKELETON_BYTES_MAX} bytes, got ${skeleton.length}`
    throw new ModelError({ code: 'ONNX_LIMIT', reason })
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]))
  const ports = (names: readonly { readonly name: string }[]): TensorSpec[] =>
    names.flatMap(({ name }) => specs.get(name) ?? [])
  const manifest: Manifest = {
    format: 1,
    name: label.name,
    source: label.source,
    licence: label.licence,
    skeleton: await workspace.put(skeleton),
    tensors: layered.tensors.flatMap((name) => byName.get(name) ?? []),
    inputs: ports(layered.cuts[0]?.tensors ?? []),
    outputs: ports(layered.cuts.at(-1)?.tensors ?? []),
    cuts: layered.cuts,
    layers: layered.layers,
    samples,
    generator: content.generator,
    knownAnswers: [],
    text: undefined,
  }
  const encoded = encodeManifest(manifest)
  await workspace.put(encoded)
  work.signal?.throwIfAborted()
  workspace.keep()
  return { id: modelIdOf(encoded, components.sha256), manifest }
}

function checkDims(inputs: readonly TensorSpec[], dims: OpenDims, fromUser: boolean): void {
  const known = openDims(inputs)
  const unknown = Object.keys(dims).find((dim) => !known.includes(dim))
  if (unknown === undefined || !fromUser) return
  throw new CatalogueError({ code: 'MODELS_DIM_UNKNOWN', dim: unknown, known })
}

async function storeWeights(
  workspace: Workspace,
  weights: readonly WeightContent[],
  { progress, signal }: LongWork,
): Promise<readonly ModelTensor[]> {
  const tensors: ModelTensor[] = []
  for (const { name, type, dims, content } of weights) {
    signal?.throwIfAborted()
    progress?.({ step: 'store', done: tensors.length, total: weights.length, unit: 'blobs' })
    tensors.push({ name, type, dims, blob: await workspace.put(await content()) })
  }
  progress?.({ step: 'store', done: weights.length, total: weights.length, unit: 'blobs' })
  return tensors
}

interface MeasureInit {
  readonly outline: ModelProto
  readonly inputs: readonly TensorSpec[]
  readonly sizes: readonly (readonly number[])[]
  readonly work: LongWork
}

/** Runs the model once with everything inside it as outputs, and cuts it by what that showed. */
async function measure(
  { runtime }: ModelComponents,
  workspace: Workspace,
  { outline, inputs, sizes, work }: MeasureInit,
): Promise<{
  readonly layered: LayeredModel
  readonly specs: ReadonlyMap<string, TensorSpec>
}> {
  const { progress, signal } = work
  progress?.({ step: 'measure', done: 0, total: 1, unit: 'steps' })
  const file = await workspace.write('measure', encodeModelChunks(exposed(outline)), signal)
  const samples = sampleInputs(inputs, sizes, MEASURE_SEED)
  const seen = await runtime.inspect(file, samples, signal)
  progress?.({ step: 'measure', done: 1, total: 1, unit: 'steps' })
  const measured = new Map(
    [...samples, ...seen.values].map(({ name, type, dims }) => [name, { type, dims }]),
  )
  const specs = [...seen.outputs, ...seen.inputs].map((spec) => [spec.name, spec] as const)
  return { layered: accepted(layerModel(outline, measured)), specs: new Map(specs) }
}
