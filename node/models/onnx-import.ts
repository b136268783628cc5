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
  isExportedDecoder,
  ModelError,
  readGraph,
  weightContents,
  wordsBeside,
  type ExportedDecoder,
  type ModelProto,
  type Past,
} from '../../models/index.ts'
import { readOptional, readWordFiles } from './hub-files.ts'
import { ModelFile } from './model-file.ts'
import type { LongWork, ModelComponents } from './ports.ts'
import type { ModelContent, TextContent } from './store-model.ts'
import type { Workspace } from './workspace.ts'

/** Bytes that Node reads into one buffer: a larger model comes with external data, which is not imported. */
const ONNX_FILE_BYTES_MAX = 2 ** 31 - 1

/** Tokens of the run that measures a decoder. */
const SAMPLE_TOKENS = 32

export interface OnnxReading {
  readonly components: ModelComponents
  readonly workspace: Workspace
  readonly file: ModelFile
  readonly past: Past
}

/**
 * The model of a file; one that is a decoder with caches generates text, unless it is to run in one pass.
 *
 * @throws {ModelError} when it is refused; {CatalogueError} MODELS_FILE_UNREADABLE; RuntimeError when
 * onnxruntime refuses it.
 */
export async function onnxContent(
  { components, workspace, file, past }: OnnxReading,
  { progress, signal }: LongWork,
): Promise<ModelContent> {
  const bytes = await readWhole(file, signal)
  progress?.({ step: 'read', done: bytes.length, total: bytes.length, unit: 'bytes' })
  const given = checked(accepted(decodeModel(bytes)))
  // A copy, without spare parts: what was checked is what onnxruntime reads.
  const copy = await workspace.write('given', encodeModelChunks(given), signal)
  progress?.({ step: 'optimise', done: 0, total: 1, unit: 'steps' })
  await components.runtime.optimise(copy, workspace.path('optimised'), 'basic', signal)
  progress?.({ step: 'optimise', done: 1, total: 1, unit: 'steps' })
  await using optimised = await ModelFile.open(workspace.path('optimised'))
  const model = checked(accepted(decodeModel(await readWhole(optimised, signal))))
  const generates = past === 'cache' && isExportedDecoder(model)
  return generates
    ? decoderContent(accepted(exportedDecoder(model)), dirname(file.path), signal)
    : { ...weightsOf(model), dims: {}, generator: undefined, text: undefined }
}

async function decoderContent(
  { model, text }: ExportedDecoder,
  folder: string,
  signal?: AbortSignal,
): Promise<ModelContent> {
  return {
    ...weightsOf(model),
    dims: { seq: Math.min(SAMPLE_TOKENS, text.positionsMax) },
    generator: undefined,
    text: { ...text, ...(await wordsIn(folder, text.vocabulary, signal)) },
  }
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

function weightsOf(model: ModelProto): Pick<ModelContent, 'model' | 'weights'> {
  const weights = accepted(weightContents(model)).map(({ name, type, dims, content }) => ({
    name,
    type,
    dims,
    content: () => content,
  }))
  return { model, weights }
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
