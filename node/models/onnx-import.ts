/**
 * Reads an ONNX file: optimised once, at the level that keeps it portable, and cut after that.
 *
 * Stages then run as they are, and together give the bytes of the whole.
 *
 * @module
 */

import { basename, dirname, join } from 'node:path'
import {
  accepted,
  arranged,
  decodeModel,
  encodeModelChunks,
  exportedDecoder,
  fileOrder,
  filled,
  isExportedDecoder,
  ModelError,
  readGraph,
  weightContents,
  withoutExternalData,
  wordsBeside,
  type ModelProto,
  type Past,
} from '../../models/index.ts'
import { openParts, smallParts, weightsBeside, type ExternalParts } from './external-weights.ts'
import { readOptional, readWordFiles } from './hub-files.ts'
import { ModelFile } from './model-file.ts'
import type { LongWork, ModelComponents } from './ports.ts'
import type { ModelContent, TextContent } from './store-model.ts'
import type { Workspace } from './workspace.ts'

/** Bytes that Node reads into one buffer: a larger model comes with its weights in other files. */
const ONNX_FILE_BYTES_MAX = 2 ** 31 - 1

/** Tokens of the run that measures a decoder. */
const SAMPLE_TOKENS = 32

export interface OnnxReading {
  readonly components: ModelComponents
  readonly workspace: Workspace
  readonly file: ModelFile
  readonly past: Past
  /** Keeps files with weights open until those are stored. */
  readonly opened: AsyncDisposableStack
}

/**
 * The model of a file; one that is a decoder with caches generates text, unless it is to run in one pass.
 *
 * @throws {ModelError} when it is refused; {CatalogueError} MODELS_FILE_UNREADABLE; RuntimeError when
 * onnxruntime refuses it.
 */
export async function onnxContent(reading: OnnxReading, work: LongWork): Promise<ModelContent> {
  const { progress, signal } = work
  const { file, past } = reading
  const bytes = await readWhole(file, signal)
  progress?.({ step: 'read', done: bytes.length, total: bytes.length, unit: 'bytes' })
  const { model, parts } = accepted(withoutExternalData(accepted(decodeModel(bytes))))
  const folder = dirname(file.path)
  // With weights in other files it stays as it came: optimised, it would not fit one file.
  const external = await openParts(folder, parts, reading.opened)
  const whole =
    parts.length === 0
      ? await optimised(reading, checked(model), work)
      : checked(filled(model, await smallParts(external, signal)))
  const content = (made: ModelProto) => ({
    model: made,
    weights: [...weightsInside(made, external), ...weightsBeside(made, external, signal)],
    generator: undefined,
  })
  if (past === 'none' || !isExportedDecoder(whole)) {
    return { ...content(whole), dims: {}, text: undefined }
  }
  const decoder = accepted(exportedDecoder(whole))
  const { positionsMax, vocabulary } = decoder.text
  return {
    ...content(decoder.model),
    dims: { seq: Math.min(SAMPLE_TOKENS, positionsMax) },
    text: { ...decoder.text, ...(await wordsIn(folder, vocabulary, signal)) },
  }
}

async function optimised(
  { components, workspace }: OnnxReading,
  model: ModelProto,
  { progress, signal }: LongWork,
): Promise<ModelProto> {
  // A copy, without spare parts: what was checked is what onnxruntime reads.
  const copy = await workspace.write('given', encodeModelChunks(model), signal)
  progress?.({ step: 'optimise', done: 0, total: 1, unit: 'steps' })
  await components.runtime.optimise(copy, workspace.path('optimised'), 'basic', signal)
  progress?.({ step: 'optimise', done: 1, total: 1, unit: 'steps' })
  await using file = await ModelFile.open(workspace.path('optimised'))
  return checked(accepted(decodeModel(await readWhole(file, signal))))
}

/** Exports often lie in a folder `onnx`, with the rest of their model around it. */
async function wordsIn(
  folder: string,
  vocabulary: number,
  signal?: AbortSignal,
): Promise<Pick<TextContent, 'tokenizer' | 'chatTemplate' | 'beginToken' | 'stopTokens'>> {
  const own = basename(folder) === 'onnx' ? dirname(folder) : folder
  const config = await readOptional(join(own, 'config.json'), signal)
  const files = await readWordFiles(own, signal)
  return accepted(wordsBeside({ config, ...files }, vocabulary))
}

/** Weights that the file itself holds. */
function weightsInside(model: ModelProto, external: ExternalParts): ModelContent['weights'] {
  const { graph } = model
  if (graph === undefined) return []
  const initializer = graph.initializer.filter(({ name = '' }) => !external.has(name))
  const inside = accepted(weightContents({ ...model, graph: { ...graph, initializer } }))
  return inside.map(({ content, ...spec }) => ({ ...spec, content: () => content }))
}

async function readWhole(file: ModelFile, signal?: AbortSignal): Promise<Uint8Array> {
  if (file.bytes <= ONNX_FILE_BYTES_MAX) return file.read(0, file.bytes, signal)
  const most = ONNX_FILE_BYTES_MAX
  const reason = `expected a file of at most ${most} bytes, got ${file.bytes}`
  throw new ModelError({ code: 'ONNX_LIMIT', reason })
}

/** The model, proved fit for use, in the order of its file and without what its outputs do not need. */
function checked(model: ModelProto): ModelProto {
  const graph = accepted(readGraph(model, 'none'))
  return arranged(graph, fileOrder(graph))
}
