/**
 * Reads a GGUF file, or several that are one model: their heads at once, weights when they are stored.
 *
 * @module
 */

import { basename, dirname, join } from 'node:path'
import {
  accepted,
  GGUF_HEAD_BYTES_MAX,
  ggufModel,
  joinedParts,
  ModelError,
  partCount,
  partName,
  partNames,
  readGguf,
  type DecoderWish,
  type GgufFile,
} from '../../models/index.ts'
import { checkpointContent, type CheckpointContent } from './checkpoint-weights.ts'
import { ModelFile } from './model-file.ts'
import type { LongWork } from './ports.ts'

/** What is read first; heads with large vocabularies take a few times more. */
const HEAD_BYTES = 2 ** 20

/**
 * The model of a GGUF file, which must stay open until its weights are stored.
 *
 * @param file - Any part of a model in several files: the others lie beside it, and `opened` keeps them open.
 * @throws {ModelError} when it is refused; {CatalogueError} MODELS_FILE_UNREADABLE.
 */
export async function ggufContent(
  file: ModelFile,
  wish: DecoderWish,
  { progress, signal }: LongWork,
  opened: AsyncDisposableStack,
): Promise<CheckpointContent> {
  const head = await readHead(file, signal)
  const count = accepted(partCount(head))
  if (count === 1) {
    progress?.({ step: 'read', done: file.bytes, total: file.bytes, unit: 'bytes' })
    return checkpointContent(accepted(ggufModel(head, wish)), [file], wish, signal)
  }
  const files: ModelFile[] = []
  const heads: GgufFile[] = []
  for (const path of partsBeside(file.path, count)) {
    const isOwn = path === file.path
    const part = isOwn ? file : opened.use(await ModelFile.open(path))
    files.push(part)
    heads.push(withoutModel(isOwn ? head : await readHead(part, signal), heads.length))
    progress?.({ step: 'read', done: files.length, total: count, unit: 'steps' })
  }
  const whole = accepted(joinedParts(heads))
  return checkpointContent(accepted(ggufModel(whole, wish)), files, wish, signal)
}

/** Of parts behind the first only the place counts: what else they say would stay in memory. */
function withoutModel(head: GgufFile, part: number): GgufFile {
  if (part === 0) return head
  const metadata = new Map([...head.metadata].filter(([key]) => key.startsWith('split.')))
  return { ...head, metadata }
}

/** Where the parts of a model lie of which one lies at `path`. */
function partsBeside(path: string, count: number): readonly string[] {
  const named = partName(basename(path))
  if (named?.count === count) return partNames(named).map((name) => join(dirname(path), name))
  const form = partNames({ model: 'NAME', count })[0] ?? ''
  const reason = `expected a name like ${form} of a part of a model`
  throw new ModelError({ code: 'GGUF_PARTS_INVALID', reason })
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
