/**
 * Reads a GGUF file: its head at once, its weights when they are stored.
 *
 * @module
 */

import {
  accepted,
  filled,
  GGUF_HEAD_BYTES_MAX,
  ggufModel,
  readGguf,
  staysInGraph,
  weightBytes,
  type GgufFile,
  type GgufWeight,
  type Past,
} from '../../models/index.ts'
import type { ModelFile } from './model-file.ts'
import type { LongWork } from './ports.ts'
import type { ModelContent } from './store-model.ts'

/** What is read first; heads with large vocabularies take a few times more. */
const HEAD_BYTES = 2 ** 20

/** Tokens of the run that measures the model. */
const SAMPLE_TOKENS = 32

/** Bytes of a tensor that are read and turned into weights at once: other work gets its turn between them. */
const PART_BYTES = 4 * 2 ** 20

export interface GgufContent extends Pick<ModelContent, 'model' | 'weights' | 'dims' | 'text'> {
  /** What the file holds, for people. */
  readonly description: string
}

/**
 * The model of a GGUF file, which must stay open until its weights are stored.
 *
 * @throws {ModelError} when it is refused; {CatalogueError} MODELS_FILE_UNREADABLE.
 */
export async function ggufContent(
  file: ModelFile,
  past: Past,
  { progress, signal }: LongWork,
): Promise<GgufContent> {
  const head = await readHead(file, signal)
  progress?.({ step: 'read', done: file.bytes, total: file.bytes, unit: 'bytes' })
  const { model, weights, text, words, ...about } = accepted(ggufModel(head, past))
  const small = new Map<string, Uint8Array>()
  for (const weight of weights.filter(staysInGraph)) {
    small.set(weight.name, await readWeight(file, weight, signal))
  }
  return {
    model: filled(model, small),
    weights: weights
      .filter((weight) => !staysInGraph(weight))
      .map((weight) => ({
        name: weight.name,
        type: weight.type,
        dims: weight.dims,
        content: () => readWeight(file, weight, signal),
      })),
    dims: { seq: Math.min(SAMPLE_TOKENS, about.positionsMax) },
    text: text === undefined ? undefined : { ...text, ...words, tokenizer: undefined },
    description: about.description,
  }
}

/** Its size is known only when all of it was read: more is read as long as that helps. */
async function readHead(file: ModelFile, signal?: AbortSignal): Promise<GgufFile> {
  const most = Math.min(file.bytes, GGUF_HEAD_BYTES_MAX)
  for (let length = HEAD_BYTES; ; length *= 2) {
    const head = readGguf(await file.read(0, Math.min(length, most), signal), file.bytes)
    if (head.type === 'value' || head.code !== 'GGUF_TRUNCATED' || length >= most) {
      return accepted(head)
    }
  }
}

async function readWeight(
  file: ModelFile,
  weight: GgufWeight,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const content = new Uint8Array(weightBytes(weight))
  const { tensor, write } = weight
  if (tensor === undefined) {
    write(content, { firstRow: 0, content: new Uint8Array(0) })
    return content
  }
  const { offset, rows, rowBytes } = tensor
  const step = Math.max(1, Math.floor(PART_BYTES / rowBytes))
  for (let firstRow = 0; firstRow < rows; firstRow += step) {
    const count = Math.min(step, rows - firstRow)
    const part = await file.read(offset + firstRow * rowBytes, count * rowBytes, signal)
    write(content, { firstRow, content: part })
  }
  return content
}
