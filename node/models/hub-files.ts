/**
 * The JSON files that lie beside the weights of a model of the Transformers library.
 *
 * @module
 */

import { join } from 'node:path'
import { ModelError, type WordFiles } from '../../models/index.ts'
import { ModelFile } from './model-file.ts'

/** Bytes of a file beside the weights: tokenizers are the largest. */
const JSON_BYTES_MAX = 64 * 2 ** 20

/** What a folder says about text. */
export async function readWordFiles(folder: string, signal?: AbortSignal): Promise<WordFiles> {
  const read = (name: string) => readOptional(join(folder, name), signal)
  return {
    generation: await read('generation_config.json'),
    tokenizer: await read('tokenizer.json'),
    tokenizerConfig: await read('tokenizer_config.json'),
    chatTemplate: await read('chat_template.jinja'),
  }
}

/** The file's bytes, or undefined when there is none. */
export async function readOptional(
  path: string,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  return (await ModelFile.exists(path)) ? readRequired(path, signal) : undefined
}

/** @throws {CatalogueError} MODELS_FILE_UNREADABLE. */
export async function readRequired(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  await using file = await ModelFile.open(path)
  if (file.bytes <= JSON_BYTES_MAX) return await file.read(0, file.bytes, signal)
  const reason = `expected JSON of at most ${JSON_BYTES_MAX} bytes, got ${file.bytes}`
  throw new ModelError({ code: 'SAFETENSORS_LIMIT', reason })
}
