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
  localNames,
  localTensors,
  ModelError,
  modelIdOf,
  openDims,
  readGraph,
  sampleDims,
  skeletonOf,
  SKELETON_BYTES_MAX,
  type Cut,
  type Generator,
  type LayeredModel,
  type Manifest,
  type ModelProto,
  type ModelTensor,
  type OpenDims,
  type TextModel,
  type TextOutline,
  type TextWords,
} from '../../models/index.ts'
import { checkTokenizer } from '../text/tokenizer-check.ts'
import { CatalogueError } from './errors.ts'
import { measureModel } from './measure-model.ts'
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
  /** Of a decoder that generates. */
  readonly text: TextContent | undefined
  /** What more there is to say about where it came from, once its weights are stored. */
  readonly note?: () => string | undefined
}

export type TextContent = TextOutline & TextWords

export interface WeightContent extends Omit<ModelTensor, 'blob'> {
  readonly content: () => Uint8Array | Promise<Uint8Array>
}

export interface StoreInit {
  readonly label: ModelLabel
  readonly content: ModelContent
}

/**
 * Stores a model, and keeps what it stored.
 *
 * @throws {ModelError} {CatalogueError} RuntimeError; StorageError; {TextError} of a tokenizer that is
 * that of another model.
 */
export async function storeModel(
  components: ModelComponents,
  workspace: Workspace,
  { label, content }: StoreInit,
  work: LongWork,
): Promise<ImportedModel> {
  const { text } = content
  // Before all that takes long.
  if (text !== undefined) await checkWords(text)
  const ports = modelPorts(content)
  const { inputs, local } = ports
  checkDims(inputs, content.dims, content.generator === undefined)
  const tensors = await storeWeights(workspace, content.weights, work)
  const outline = skeletonOf(content.model, tensors)
  const samples = inputs.map((spec) => ({
    name: spec.name,
    dims: sampleDims(spec, content.dims),
  }))
  const sizes = samples.map(({ dims }) => dims)
  const measuring = { outline, inputs, local, sizes, text: content.text }
  const { layered, specs } = await measureModel(components, workspace, measuring, work)
  const skeleton = encodeModel(layered.model)
  if (skeleton.length > SKELETON_BYTES_MAX) {
    const reason = `expected a graph of at most ${SKELETON_BYTES_MAX} bytes, got ${skeleton.length}`
    throw new ModelError({ code: 'ONNX_LIMIT', reason })
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]))
  const crossing = (cut: Cut | undefined): TensorSpec[] =>
    cut?.tensors.flatMap(({ name }) => specs.get(name) ?? []) ?? []
  const manifest: Manifest = {
    format: 1,
    name: label.name,
    source: [label.source, content.note?.() ?? []].flat().join(', '),
    licence: label.licence,
    skeleton: await workspace.put(skeleton),
    tensors: layered.tensors.flatMap((name) => byName.get(name) ?? []),
    inputs: crossing(layered.cuts[0]),
    outputs: crossing(layered.cuts.at(-1)),
    cuts: layered.cuts,
    layers: layered.layers,
    samples,
    generator: content.generator,
    knownAnswers: [],
    text: await storeText(workspace, content.text, layered),
  }
  const encoded = encodeManifest(manifest)
  await workspace.put(encoded)
  work.signal?.throwIfAborted()
  workspace.keep()
  return { id: modelIdOf(encoded, components.sha256), manifest }
}

interface ModelPorts {
  /** Inputs of the first cut. */
  readonly inputs: readonly TensorSpec[]
  /** Inputs that cross no cut. */
  readonly local: readonly TensorSpec[]
}

function modelPorts({ model, text }: ModelContent): ModelPorts {
  const graph = accepted(readGraph(model, 'none'))
  const specs = graph.inputs.map((name) => {
    const spec = declaredSpec(graph, name)
    if (spec !== undefined) return spec
    const reason = 'expected inputs that are tensors of numbers with a known rank'
    throw new ModelError({ code: 'ONNX_UNSUPPORTED', reason })
  })
  const names =
    text === undefined ? new Set() : localNames(localTensors(text.attentionLayers, text))
  return {
    inputs: specs.filter(({ name }) => !names.has(name)),
    local: specs.filter(({ name }) => names.has(name)),
  }
}

async function storeText(
  workspace: Workspace,
  text: TextContent | undefined,
  { caches }: LayeredModel,
): Promise<TextModel | undefined> {
  if (text === undefined) return undefined
  const { vocabulary, positionsMax, kvHeads, headSize, tokenizer, ...words } = text
  return {
    tokenizer: tokenizer === undefined ? undefined : await workspace.put(tokenizer),
    chatTemplate: words.chatTemplate,
    vocabulary,
    positionsMax,
    kvHeads,
    headSize,
    caches,
    beginToken: words.beginToken,
    stopTokens: words.stopTokens,
  }
}

/** @throws {TextError} when the tokenizer is broken, or that of another model. */
async function checkWords(text: TextContent): Promise<void> {
  const { tokenizer, vocabulary, beginToken, stopTokens, chatTemplate } = text
  if (tokenizer === undefined) return
  await checkTokenizer({ tokenizer, vocabulary, beginToken, stopTokens, chatTemplate })
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
