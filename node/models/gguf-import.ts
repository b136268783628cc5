/**
 * Reads a GGUF file: its head at once, its weights when they are stored.
 *
 * @module
 */

import {
  accepted,
  GGUF_HEAD_BYTES_MAX,
  ggufModel,
  readGguf,
  type DecoderWish,
  type GgufFile,
} from '../../models/index.ts'
import { checkpointContent, type CheckpointContent } from './checkpoint-weights.ts'
import type { ModelFile } from './model-file.ts'
import type { LongWork } from './ports.ts'

/** What is read first; heads with large vocabularies take a few times more. */
const HEAD_BYTES = 2 ** 20

/**
 * The model of a GGUF file, which must stay open until its weights are stored.
 *
 * @throws {ModelError} when it is refused; {CatalogueError} MODELS_FILE_UNREADABLE.
 */
export async function ggufContent(
  file: ModelFile,
  wish: DecoderWish,
  { progress, signal }: LongWork,
): Promise<CheckpointContent> {
  const head = await readHead(file, signal)
  progress?.({ step: 'read', done: file.bytes, total: file.bytes, unit: 'bytes' })
  return checkpointContent(accepted(ggufModel(head, wish)), [file], wish, signal)
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
