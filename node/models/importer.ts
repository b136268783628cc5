/**
 * Turns an ONNX, GGUF or safetensors file, or a configuration of the builder, into a model of the store.
 *
 * A file says by its first bytes what it is. What is built here, or out of files with weights, is
 * written in the form that stages run at once; an ONNX file is optimised before.
 *
 * @module
 */

import { basename, dirname } from 'node:path'
import {
  accepted,
  buildModel,
  generatorOf,
  isGguf,
  isSafetensors,
  NO_WORDS,
  type BuildConfig,
  type DecoderWish,
  type OpenDims,
} from '../../models/index.ts'
import type { CheckpointContent } from './checkpoint-weights.ts'
import { ggufContent } from './gguf-import.ts'
import { ModelFile } from './model-file.ts'
import { onnxContent } from './onnx-import.ts'
import type { LongWork, ModelComponents, ModelInit } from './ports.ts'
import { safetensorsContent, type SafetensorsPlace } from './safetensors-import.ts'
import { storeModel, type ImportedModel, type ModelLabel, type StoreInit } from './store-model.ts'
import { Workspace } from './workspace.ts'

export interface ImportInit extends Pick<ModelLabel, 'name'>, DecoderWish {
  /** Undefined when nobody said: then what the file says, if it does. */
  readonly licence: string | undefined
  /** A file, or a folder with safetensors in it. */
  readonly file: string
  /** Where it came from, for people, when that is not the file's name. */
  readonly origin?: string
  /** Sizes of open dimensions for the run that measures; others get usual ones. */
  readonly dims: OpenDims
}

/** What a manifest says of a licence that nobody named. */
const UNKNOWN_LICENCE = 'unknown'

/** Bytes at the beginning of a file that say what it is. */
const START_BYTES = 9

/** Tokens of the run that measures a built decoder. */
const DECODER_STEPS = 32

/**
 * Imports a file or a folder. When it fails, the store is as it was.
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
  await using workspace = new Workspace(components, folder)
  await using opened = new AsyncDisposableStack()
  const read = await readerOf(init.file, opened, work.signal)
  const store = await read({ components, workspace, init, opened }, work)
  // Awaited, for workspace and files must live until then.
  return await storeModel(components, workspace, store, work)
}

interface Reading {
  readonly components: ModelComponents
  readonly workspace: Workspace
  readonly init: ImportInit
  /** Keeps files open until the model is stored. */
  readonly opened: AsyncDisposableStack
}

type Reader = (reading: Reading, work: LongWork) => Promise<StoreInit>

/** Folders hold safetensors; files say what they are by their first bytes. */
async function readerOf(
  path: string,
  opened: AsyncDisposableStack,
  signal?: AbortSignal,
): Promise<Reader> {
  if (await ModelFile.isFolder(path)) return safetensorsReader({ folder: path, file: undefined })
  const file = opened.use(await ModelFile.open(path))
  const start = await file.read(0, START_BYTES, signal)
  if (isGguf(start)) return (reading, work) => readGgufModel(file, reading, work)
  if (!isSafetensors(start)) return (reading, work) => readOnnxModel(file, reading, work)
  return safetensorsReader({ folder: dirname(path), file: basename(path) })
}

async function readGgufModel(
  file: ModelFile,
  { init, opened }: Reading,
  work: LongWork,
): Promise<StoreInit> {
  return checkpointStore(init, await ggufContent(file, init, work, opened))
}

function safetensorsReader(place: SafetensorsPlace): Reader {
  return async ({ init, opened }, work) =>
    checkpointStore(init, await safetensorsContent(place, init, work, opened))
}

function checkpointStore(init: ImportInit, checkpoint: CheckpointContent): StoreInit {
  const { description, licence = UNKNOWN_LICENCE, ...content } = checkpoint
  const source = `${init.origin ?? basename(init.file)} (${description})`
  const label = { name: init.name, licence: init.licence ?? licence, source }
  const dims = { ...content.dims, ...init.dims }
  return { label, content: { ...content, dims, generator: undefined } }
}

async function readOnnxModel(
  file: ModelFile,
  { components, workspace, init, opened }: Reading,
  work: LongWork,
): Promise<StoreInit> {
  const { name, licence = UNKNOWN_LICENCE, dims, origin } = init
  const content = await onnxContent({ components, workspace, file, past: init.past, opened }, work)
  const label = { name, licence, source: origin ?? basename(init.file) }
  return { label, content: { ...content, dims: { ...content.dims, ...dims } } }
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
  const dims = { seq: Math.min(steps, DECODER_STEPS), batch: 1 }
  const label = { name: init.name, licence: 'CC0-1.0', source: `built: ${generator.kind}` }
  const text = built.text === undefined ? undefined : { ...built.text, ...NO_WORDS }
  const content = { ...built, dims, generator, text }
  return await storeModel(components, workspace, { label, content }, work)
}
