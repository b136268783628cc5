/**
 * The weights of a decoder out of files, read when they are stored.
 *
 * @module
 */

import {
  filled,
  staysInGraph,
  weightBytes,
  type CheckpointModel,
  type DecoderWish,
  type FileWeight,
} from '../../models/index.ts'
import type { ModelFile } from './model-file.ts'
import type { ModelContent } from './store-model.ts'

/** Tokens of the run that measures the model. */
const SAMPLE_TOKENS = 32

/** Bytes of a tensor that are read and turned into weights at once: other work gets its turn between them. */
const PART_BYTES = 4 * 2 ** 20

export interface CheckpointContent extends Omit<ModelContent, 'generator'> {
  /** What the files hold, for people. */
  readonly description: string
  /** What they say of their licence. */
  readonly licence: string | undefined
}

/**
 * The content of `model`, whose files must stay open until its weights are stored.
 *
 * @throws {CatalogueError} MODELS_FILE_UNREADABLE.
 */
export async function checkpointContent(
  { loss, ...model }: CheckpointModel,
  files: readonly ModelFile[],
  { quantisation }: DecoderWish,
  signal?: AbortSignal,
): Promise<CheckpointContent> {
  const { weights, text, words, positionsMax, description } = model
  const small = new Map<string, Uint8Array>()
  for (const weight of weights.filter(staysInGraph)) {
    small.set(weight.name, await readWeight(files, weight, signal))
  }
  return {
    model: filled(model.model, small),
    weights: weights
      .filter((weight) => !staysInGraph(weight))
      .map((weight) => ({
        name: weight.name,
        type: weight.type,
        dims: weight.dims,
        content: () => readWeight(files, weight, signal),
      })),
    dims: { seq: Math.min(SAMPLE_TOKENS, positionsMax) },
    text: text === undefined ? undefined : { ...text, ...words },
    description,
    licence: model.licence,
    note: () => {
      const { relative } = loss
      if (relative === undefined) return undefined
      return `rounded to ${quantisation} with an error of ${(100 * relative).toPrecision(2)} %`
    },
  }
}

async function readWeight(
  files: readonly ModelFile[],
  weight: FileWeight,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const content = new Uint8Array(weightBytes(weight))
  const { tensor, write } = weight
  const file = tensor === undefined ? undefined : files[tensor.part]
  if (tensor === undefined || file === undefined) {
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
