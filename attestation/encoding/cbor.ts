/**
 * CBOR as vendors write it (RFC 8949): maps, negative integers and tags beside what core/ has.
 *
 * Map order is free, because Apple's and Amazon's encoders do not sort; all else is as in
 * deterministic encoding. Floats, indefinite lengths and keys other than integers
 * and text appear in no evidence and are refused.
 *
 * @module
 */

import { textOf } from '../../core/bytes.ts'
import { refuse } from '../errors.ts'

export type CborItem =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborItem[]
  | CborMap
  | CborTag

export type CborMap = ReadonlyMap<number | string, CborItem>

export class CborTag {
  readonly tag: number
  readonly item: CborItem

  constructor(tag: number, item: CborItem) {
    this.tag = tag
    this.item = item
  }
}

/** How deep items may nest. Evidence nests four deep. */
const DEPTH_MAX = 12
/** How many items there may be in all. A Nitro document has about 60. */
const ITEMS_MAX = 4096

/** The one item that fills `bytes`. Byte strings are views. */
export function readCbor(bytes: Uint8Array): CborItem {
  const { item, length } = readCborPrefix(bytes)
  if (length !== bytes.length) malformed('trailing bytes')
  return item
}

/** The item that `bytes` begin with, and how many bytes it takes. */
export function readCborPrefix(bytes: Uint8Array): {
  readonly item: CborItem
  readonly length: number
} {
  const reader: Reader = { bytes, at: 0, items: 0 }
  const item = read(reader, 0)
  return { item, length: reader.at }
}

/** `item` as a map, or a refusal that names `what`. */
export function asMap(item: CborItem | undefined, what: string): CborMap {
  return item instanceof Map ? (item as CborMap) : malformed(`${what} is no map`)
}

/** `item` as an array, or a refusal that names `what`. */
export function asArray(item: CborItem | undefined, what: string): readonly CborItem[] {
  return Array.isArray(item) ? (item as readonly CborItem[]) : malformed(`${what} is no array`)
}

/** `item` as a byte string, or a refusal that names `what`. */
export function asBytes(item: CborItem | undefined, what: string): Uint8Array {
  return item instanceof Uint8Array ? item : malformed(`${what} is no byte string`)
}

/** `item` as text, or a refusal that names `what`. */
export function asText(item: CborItem | undefined, what: string): string {
  return typeof item === 'string' ? item : malformed(`${what} is no text`)
}

/** `item` as an unsigned integer, or a refusal that names `what`. */
export function asUnsigned(item: CborItem | undefined, what: string): number {
  return typeof item === 'number' && item >= 0 ? item : malformed(`${what} is no unsigned integer`)
}

/** Booleans and null, by their one byte. */
const SIMPLE = new Map<number, boolean | null>([
  [0xf4, false],
  [0xf5, true],
  [0xf6, null],
])

interface Reader {
  readonly bytes: Uint8Array
  at: number
  items: number
}

function read(reader: Reader, depth: number): CborItem {
  if (depth > DEPTH_MAX) malformed('nested too deep')
  if (++reader.items > ITEMS_MAX) malformed('too many items')
  const first = readByte(reader)
  const simple = SIMPLE.get(first)
  if (simple !== undefined) return simple
  const count = readCount(reader, first & 31)
  switch (first >> 5) {
    case 0:
      return count
    case 1:
      return -1 - count
    case 2:
      return take(reader, count)
    case 3:
      return textOf(take(reader, count)) ?? malformed('text is not UTF-8')
    case 4:
      return readArray(reader, count, depth)
    case 5:
      return readMap(reader, count, depth)
    case 6:
      return new CborTag(count, read(reader, depth + 1))
    default:
      return malformed('floats and simple values are not accepted')
  }
}

function readArray(reader: Reader, count: number, depth: number): readonly CborItem[] {
  if (count > reader.bytes.length - reader.at) malformed('truncated')
  const items: CborItem[] = []
  for (let index = 0; index < count; index++) items.push(read(reader, depth + 1))
  return items
}

function readMap(reader: Reader, count: number, depth: number): CborMap {
  if (2 * count > reader.bytes.length - reader.at) malformed('truncated')
  const map = new Map<number | string, CborItem>()
  for (let index = 0; index < count; index++) {
    const key = read(reader, depth + 1)
    if (typeof key !== 'number' && typeof key !== 'string') {
      malformed('keys are integers or text')
    }
    if (map.has(key)) malformed('a key stands twice')
    map.set(key, read(reader, depth + 1))
  }
  return map
}

function readByte(reader: Reader): number {
  const byte = reader.bytes[reader.at]
  if (byte === undefined) malformed('truncated')
  reader.at++
  return byte
}

function readCount(reader: Reader, short: number): number {
  if (short < 24) return short
  if (short > 27) malformed('length not definite')
  const size = 2 ** (short - 24)
  let count = 0
  for (const byte of take(reader, size)) count = count * 256 + byte
  if (!Number.isSafeInteger(count)) malformed('integer too large')
  if (count < (size === 1 ? 24 : 2 ** (4 * size))) malformed('integer not in its shortest form')
  return count
}

function take(reader: Reader, length: number): Uint8Array {
  const end = reader.at + length
  if (end > reader.bytes.length) malformed('truncated')
  const bytes = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return bytes
}

function malformed(reason: string): never {
  refuse('CBOR_MALFORMED', reason)
}
