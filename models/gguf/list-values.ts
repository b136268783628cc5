/**
 * Lists of a GGUF file's metadata, as values.
 *
 * @module
 */

import { refuse } from '../refuse.ts'
import { HeadReader } from './head-reader.ts'
import type { GgufFile } from './gguf-file.ts'
import type { GgufList } from './metadata.ts'
import { GGUF_STRING_BYTES_MAX } from '../limits.ts'

const STRING = 8
const UINT32 = 4
const INT32 = 5
const FLOAT32 = 6

/** The texts under `key`, or undefined when there is no such key. Refuses what is no list of texts. */
export function textList(file: GgufFile, key: string): string[] | undefined {
  const list = listOf(file, key)
  if (list === undefined) return undefined
  if (list.elementType !== STRING) refuse('GGUF_MALFORMED', `expected texts in ${key}`)
  const reader = new HeadReader(list.content)
  return Array.from({ length: list.count }, () =>
    reader.text(GGUF_STRING_BYTES_MAX, `texts of ${key}`),
  )
}

/** The same for numbers of four bytes. */
export function numberList(file: GgufFile, key: string): number[] | undefined {
  const list = listOf(file, key)
  if (list === undefined) return undefined
  const reader = new HeadReader(list.content)
  const read = {
    [UINT32]: () => reader.uint32(),
    [INT32]: () => reader.int32(),
    [FLOAT32]: () => reader.float32(),
  }[list.elementType]
  if (read === undefined) return refuse('GGUF_MALFORMED', `expected numbers in ${key}`)
  return Array.from({ length: list.count }, read)
}

function listOf({ metadata }: GgufFile, key: string): GgufList | undefined {
  const list = metadata.get(key)
  if (list === undefined || typeof list === 'object') return list
  return refuse('GGUF_MALFORMED', `expected a list in ${key}`)
}
