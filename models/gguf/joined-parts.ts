/**
 * One model out of several GGUF files: the first one says what it is, and each holds some of its tensors.
 *
 * Keys are those that gguf-split writes (llama.cpp): split.no, split.count and split.tensors.count.
 *
 * @module
 */

import type { FileTensor } from '../checkpoint/file-tensor.ts'
import type { Result } from '../errors.ts'
import { GGUF_PARTS_MAX, TENSORS_MAX } from '../limits.ts'
import { attempt, refuse } from '../refuse.ts'
import type { GgufFile } from './gguf-file.ts'

const NUMBER = 'split.no'
const COUNT = 'split.count'
const TENSORS = 'split.tensors.count'

/** Files that a model has by what one of them says; 1 of a file that is whole. */
export function partCount(file: GgufFile): Result<number> {
  return attempt(() => {
    // Parts that `gguf-split --merge` put together say that they are none.
    const count = numberAt(file, COUNT) || 1
    if (count >= 1 && count <= GGUF_PARTS_MAX) return count
    return refuse('GGUF_PARTS_INVALID', `expected 1 to ${GGUF_PARTS_MAX} parts, got ${count}`)
  })
}

/**
 * The model as if it were in one file, whose tensors say which part they lie in.
 *
 * @param parts - All of them, in their order.
 * @returns GGUF_PARTS_INVALID when they do not belong together.
 */
export function joinedParts(parts: readonly GgufFile[]): Result<GgufFile> {
  return attempt(() => {
    const tensors = new Map<string, FileTensor>()
    for (const [part, file] of parts.entries()) {
      checkPlace(file, part, parts.length)
      for (const tensor of file.tensors.values()) {
        if (tensors.has(tensor.name)) invalid('expected each tensor in one part')
        tensors.set(tensor.name, { ...tensor, part })
        if (tensors.size > TENSORS_MAX) {
          refuse('GGUF_LIMIT', `expected at most ${TENSORS_MAX} tensors`)
        }
      }
    }
    const [first] = parts
    if (first === undefined) return invalid('expected a part')
    const expected = numberAt(first, TENSORS)
    if (expected !== undefined && expected !== tensors.size) {
      invalid(`expected ${expected} tensors in all parts, got ${tensors.size}`)
    }
    const metadata = new Map(first.metadata)
    for (const key of [NUMBER, COUNT, TENSORS]) metadata.delete(key)
    return { version: first.version, metadata, tensors }
  })
}

function checkPlace(file: GgufFile, part: number, count: number): void {
  const [own, all] = [numberAt(file, NUMBER), numberAt(file, COUNT)]
  if (own === part && all === count) return
  invalid(`expected part ${part + 1} of ${count}, got ${placeText(own, all)}`)
}

function placeText(part: number | undefined, count: number | undefined): string {
  if (part === undefined || count === undefined) return 'a file that is no part'
  return `part ${part + 1} of ${count}`
}

function numberAt({ metadata }: GgufFile, key: string): number | undefined {
  const given = metadata.get(key)
  if (given === undefined) return undefined
  const value = typeof given === 'bigint' ? Number(given) : given
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  return invalid(`expected a whole number for ${key}`)
}

function invalid(reason: string): never {
  return refuse('GGUF_PARTS_INVALID', reason)
}
