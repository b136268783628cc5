/**
 * What a GGUF file says about its model: values by their keys.
 *
 * @module
 */

import {
  GGUF_ELEMENTS_MAX,
  GGUF_KEYS_MAX,
  GGUF_NAME_BYTES_MAX,
  GGUF_STRING_BYTES_MAX,
} from '../limits.ts'
import { refuse } from '../refuse.ts'
import type { HeadReader } from './head-reader.ts'

/** A list, left as the file has it: vocabularies are long, and few readers want them. */
export interface GgufList {
  /** Number of the elements' type in the file. */
  readonly elementType: number
  readonly count: number
  /** The elements one after another, as a view on the head. */
  readonly content: Uint8Array
}

export type GgufValue = number | bigint | boolean | string | GgufList

type Scalar = (reader: HeadReader) => GgufValue

const STRING = 8
const LIST = 9

/** Readers of single values, by the number of their type (gguf_metadata_value_type of the GGUF specification). */
const SCALARS: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [0, (reader) => reader.uint8()],
  [1, (reader) => reader.int8()],
  [2, (reader) => reader.uint16()],
  [3, (reader) => reader.int16()],
  [4, (reader) => reader.uint32()],
  [5, (reader) => reader.int32()],
  [6, (reader) => reader.float32()],
  [7, readBoolean],
  [STRING, (reader) => reader.text(GGUF_STRING_BYTES_MAX, 'strings')],
  [10, (reader) => reader.uint64()],
  [11, (reader) => reader.int64()],
  [12, (reader) => reader.float64()],
])

/** Bytes of an element, by the number of its type. */
const ELEMENT_BYTES: readonly (number | undefined)[] = [
  1,
  1,
  2,
  2,
  4,
  4,
  4,
  1,
  undefined,
  undefined,
  8,
  8,
  8,
]

/** Reads `count` keys with their values. */
export function readMetadata(reader: HeadReader, count: number): ReadonlyMap<string, GgufValue> {
  if (count > GGUF_KEYS_MAX) {
    refuse('GGUF_LIMIT', `expected at most ${GGUF_KEYS_MAX} keys, got ${count}`)
  }
  const values = new Map<string, GgufValue>()
  let elements = GGUF_ELEMENTS_MAX
  for (let index = 0; index < count; index++) {
    const key = reader.text(GGUF_NAME_BYTES_MAX, 'a key')
    if (values.has(key)) refuse('GGUF_MALFORMED', 'expected each key once')
    const type = reader.uint32()
    const value = type === LIST ? readList(reader, elements) : scalarOf(type)(reader)
    if (typeof value === 'object') elements -= value.count
    values.set(key, value)
  }
  return values
}

function scalarOf(type: number): Scalar {
  const scalar = SCALARS.get(type)
  return scalar ?? refuse('GGUF_MALFORMED', `expected a type of a value, got ${type}`)
}

function readBoolean(reader: HeadReader): boolean {
  const value = reader.uint8()
  return value <= 1 ? value === 1 : refuse('GGUF_MALFORMED', `expected 0 or 1, got ${value}`)
}

function readList(reader: HeadReader, elementsMax: number): GgufList {
  const elementType = reader.uint32()
  if (elementType === LIST) refuse('GGUF_UNSUPPORTED', 'expected lists without lists inside')
  scalarOf(elementType)
  const count = reader.size(elementsMax, 'lists')
  const size = ELEMENT_BYTES[elementType]
  if (size !== undefined) return { elementType, count, content: reader.bytes(count * size) }
  const rest = reader.rest()
  const start = reader.at
  for (let index = 0; index < count; index++) reader.string(GGUF_STRING_BYTES_MAX, 'strings')
  return { elementType, count, content: rest.subarray(0, reader.at - start) }
}
