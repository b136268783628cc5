/**
 * Reads a model of safetensors files: their heads and the JSON beside them at once, weights when they are stored.
 *
 * @module
 */

import { join } from 'node:path'
import {
  accepted,
  LENGTH_BYTES,
  readSafetensors,
  safetensorsHeadBytes,
  safetensorsModel,
  shardFiles,
  type DecoderWish,
  type FileTensor,
} from '../../models/index.ts'
import { checkpointContent, type CheckpointContent } from './checkpoint-weights.ts'
import { readOptional, readRequired, readWordFiles } from './hub-files.ts'
import { ModelFile } from './model-file.ts'
import type { LongWork } from './ports.ts'

/** Where a model lies. */
export interface SafetensorsPlace {
  readonly folder: string
  /** The one file in it that holds the weights, or undefined when the folder says which do. */
  readonly file: string | undefined
}

/**
 * The model of a folder, whose files are kept open by `opened` until its weights are stored.
 *
 * @throws {ModelError} when it is refused; {CatalogueError} MODELS_FILE_UNREADABLE.
 */
export async function safetensorsContent(
  { folder, file }: SafetensorsPlace,
  wish: DecoderWish,
  { progress, signal }: LongWork,
  opened: AsyncDisposableStack,
): Promise<CheckpointContent> {
  const config = await readRequired(join(folder, 'config.json'), signal)
  const names = file === undefined ? await weightFiles(folder, signal) : [file]
  const files: ModelFile[] = []
  const tensors: FileTensor[] = []
  for (const name of names) {
    const part = files.length
    const one = opened.use(await ModelFile.open(join(folder, name)))
    files.push(one)
    tensors.push(...(await readHead(one, part, signal)))
    progress?.({ step: 'read', done: files.length, total: names.length, unit: 'steps' })
  }
  const words = await readWordFiles(folder, signal)
  const model = safetensorsModel({ config, tensors, ...words }, wish)
  return checkpointContent(accepted(model), files, wish, signal)
}

/** One file, or those that an index names. */
async function weightFiles(folder: string, signal?: AbortSignal): Promise<readonly string[]> {
  const index = await readOptional(join(folder, 'model.safetensors.index.json'), signal)
  return index === undefined ? ['model.safetensors'] : accepted(shardFiles(index))
}

async function readHead(
  file: ModelFile,
  part: number,
  signal?: AbortSignal,
): Promise<readonly FileTensor[]> {
  const start = await file.read(0, LENGTH_BYTES, signal)
  const head = await file.read(0, accepted(safetensorsHeadBytes(start)), signal)
  return accepted(readSafetensors({ head, fileBytes: file.bytes, part }))
}
