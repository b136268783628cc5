/**
 * Turns an ONNX file, or a configuration of the builder, into a model of the store.
 *
 * The file is optimised once, at the level that keeps it portable, and cut after that:
 * stages then run as they are, and together give the bytes of the whole.
 *
 * @module
 */

import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ModelId } from '../../core/ids.ts'
import type { TensorSpec } from '../../core/tensor.ts'
import {
  accepted,
  arranged,
  buildModel,
  declaredSpec,
  decodeModel,
  encodeManifest,
  encodeModel,
  encodeModelChunks,
  exposed,
  fileOrder,
  generatorOf,
  layerModel,
  ModelError,
  modelIdOf,
  openDims,
  readGraph,
  sampleDims,
  sampleInputs,
  skeletonOf,
  SKELETON_BYTES_MAX,
  weightContents,
  type BuildConfig,
  type Generator,
  type LayeredModel,
  type Manifest,
  type ModelProto,
  type ModelTensor,
  type OpenDims,
} from '../../models/index.ts'
import { CatalogueError } from './errors.ts'
import type { LongWork, ModelComponents, ModelInit } from './ports.ts'
import { Workspace } from './workspace.ts'

/** What is known of a model beside its graph. */
export interface ModelLabel {
  readonly name: string
  readonly licence: string
  readonly source: string
}

export interface ImportInit extends Omit<ModelLabel, 'source'> {
  readonly file: string
  /** Sizes of open dimensions for the run that measures; others get usual ones. */
  readonly dims: OpenDims
}

export interface ImportedModel {
  readonly id: ModelId
  readonly manifest: Manifest
}

/** Bytes that Node reads into one buffer: a larger model comes with external data, which is not imported. */
const FILE_BYTES_MAX = 2 ** 31 - 1

/** Tokens of the run that measures a built decoder. */
const DECODER_STEPS = 32

/** Any seed: costs do not depend on values. */
const MEASURE_SEED = 1

/**
 * Imports an ONNX file. When it fails, the store is as it was.
 *
 * @throws {CatalogueError} MODELS_FILE_UNREADABLE, MODELS_DIM_UNKNOWN.
 * @throws {ModelError} when the model is refused; RuntimeError when onnxruntime refuses it;
 * StorageError when the store is full.
 */
export async function importModel(
  components: ModelComponents,
  { folder }: Pick<ModelInit, 'folder'>,
  init: ImportInit,
  work: LongWork = {},
): Promise<ImportedModel> {
  const { progress, signal } = work
  await using workspace = new Workspace(components, folder)
  const bytes = await readModel(init.file, signal)
  progress?.({ step: 'read', done: bytes.length, total: bytes.length, unit: 'bytes' })
  const given = checked(accepted(decodeModel(bytes)))
  // A copy, without spare parts: what was checked is what onnxruntime reads.
  const copy = await workspace.write('given', encodeModelChunks(given), signal)
  progress?.({ step: 'optimise', done: 0, total: 1, unit: 'steps' })
  const optimised = workspace.path('optimised')
  await components.runtime.optimise(copy, optimised, 'basic', signal)
  progress?.({ step: 'optimise', done: 1, total: 1, unit: 'steps' })
  const model = checked(accepted(decodeModel(await readModel(optimised, signal))))
  const label = { ...init, source: basename(init.file) }
  const weights = accepted(weightContents(model)).map(({ name, type, dims, content }) => ({
    name,
    type,
    dims,
    content: () => content,
  }))
  const source = { model, weights, dims: init.dims, generator: undefined }
  // Awaited, for the workspace must live until then.
  return await storeModel(components, workspace, { label, source }, work)
}

/**
 * Makes a model from a configuration. When it fails, the store is as it was.
 *
 * Its weights are stored as they were made, so that any peer can make them too.
 *
 * @throws {ModelError} MODELS_BUILD_INVALID; RuntimeError; StorageError.
 */
export async function importBuilt(
  components: ModelComponents,
  { folder }: Pick<ModelInit, 'folder'>,
  init: { readonly config: BuildConfig; readonly name: string },
  work: LongWork = {},
): Promise<ImportedModel> {
  await using workspace = new Workspace(components, folder)
  const generator = generatorOf(init.config)
  const built = accepted(buildModel(generator, components.sha256))
  const steps = init.config.kind === 'decoder' ? init.config.positionsMax : DECODER_STEPS
  const dims = { seq: Math.min(steps, DECODER_STEPS), batch: 1, past: 0, 'past.0': 0 }
  const label = { name: init.name, licence: 'CC0-1.0', source: `built: ${generator.kind}` }
  const source = { ...built, dims, generator }
  return await storeModel(components, workspace, { label, source }, work)
}

/** A model whose weights are not in the store yet. */
interface ModelSource {
  /** Large initializers may be without data here. */
  readonly model: ModelProto
  readonly weights: readonly WeightSource[]
  readonly dims: OpenDims
  readonly generator: Generator | undefined
}

interface WeightSource extends Omit<ModelTensor, 'blob'> {
  readonly content: () => Uint8Array
}

async function readModel(file: string, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size > FILE_BYTES_MAX) {
      const reason = `expected a file of at most ${FILE_BYTES_MAX} bytes, got ${size}`
      throw new ModelError({ code: 'ONNX_LIMIT', reason })
    }
    return await readFile(file, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof Error) || error instanceof ModelError) throw error
    const reason = (error as NodeJS.ErrnoException).code ?? error.message
    throw new CatalogueError({ code: 'MODELS_FILE_UNREADABLE', file, reason }, { cause: error })
  }
}

/** The model, proved fit for use, in the order of its file and without what its outputs do not need. */
function checked(model: ModelProto): ModelProto {
  const graph = accepted(readGraph(model, 'none'))
  return arranged(graph, fileOrder(graph))
}

interface StoreInit {
  readonly label: ModelLabel
  readonly source: ModelSource
}

async function storeModel(
  components: ModelComponents,
  workspace: Workspace,
  { label, source }: StoreInit,
  work: LongWork,
): Promise<ImportedModel> {
  const graph = accepted(readGraph(source.model, 'none'))
  const inputs = graph.inputs.map((name) => {
    const spec = declaredSpec(graph, name)
    if (spec !== undefined) return spec
    const reason = 'expected inputs that are tensors of numbers with a known rank'
    throw new ModelError({ code: 'ONNX_UNSUPPORTED', reason })
  })
  checkDims(inputs, source.dims, source.generator === undefined)
  const tensors = await storeWeights(workspace, source.weights, work)
  const outline = skeletonOf(source.model, tensors)
  const samples = inputs.map(({ name, ...spec }) => ({
    name,
    dims: sampleDims({ name, ...spec }, source.dims),
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
    generator: source.generator,
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
  weights: readonly WeightSource[],
  { progress, signal }: LongWork,
): Promise<readonly ModelTensor[]> {
  const tensors: ModelTensor[] = []
  for (const { name, type, dims, content } of weights) {
    signal?.throwIfAborted()
    progress?.({ step: 'store', done: tensors.length, total: weights.length, unit: 'blobs' })
    tensors.push({ name, type, dims, blob: await workspace.put(content()) })
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
