/**
 * Deterministic CBOR: one value has one encoding, and every other encoding is refused.
 *
 * The subset is what signed records need: unsigned integers below 2^53, byte
 * strings, text, arrays, booleans and null, with the core deterministic encoding
 * requirements of RFC 8949, section 4.2.1 (shortest lengths, definite lengths).
 * There are no maps: records are arrays in a written order (see cbor-shape.ts).
 *
 * @module
 */

import { textOf, utf8 } from './bytes.ts'
import { invariant } from './invariant.ts'

export type CborValue = number | string | boolean | null | Uint8Array | readonly CborValue[]

/** How deep arrays may nest: enough for every format here, and no stack is at risk. */
export const CBOR_DEPTH_MAX = 16

/** A decoded value, or why the bytes are refused. */
export type CborDecoded =
  | { readonly type: 'value'; readonly value: CborValue }
  | { readonly type: 'refused'; readonly reason: string }

/** The one encoding of `value`. Numbers must be integers in [0, 2^53). */
export function encodeCbor(value: CborValue): Uint8Array {
  const bytes = new Uint8Array(lengthOf(value, 0))
  write(value, bytes, 0)
  return bytes
}

/**
 * Decodes exactly one value that fills `bytes`. Byte strings are views on `bytes`.
 *
 * @example
 * ```ts
 * decodeCbor(Uint8Array.of(0x82, 0x01, 0xf6)) // => { type: 'value', value: [1, null] }
 * decodeCbor(Uint8Array.of(0x18, 0x01)).type // => 'refused'
 * ```
 */
export function decodeCbor(bytes: Uint8Array): CborDecoded {
  const reader: Reader = { bytes, at: 0 }
  try {
    const value = read(reader, 0)
    if (reader.at !== bytes.length) return { type: 'refused', reason: 'trailing bytes' }
    return { type: 'value', value }
  } catch (error) {
    // Refusals inside the recursion travel as exceptions and become a value at this border.
    if (error instanceof Refusal) return { type: 'refused', reason: error.message }
    throw error
  }
}

class Refusal extends Error {}

interface Reader {
  readonly bytes: Uint8Array
  at: number
}

const MAJOR_UNSIGNED = 0
const MAJOR_BYTES = 2
const MAJOR_TEXT = 3
const MAJOR_ARRAY = 4
const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6

/** Bytes that a value takes: asked first, so that it is written once and where it stays. */
function lengthOf(value: CborValue, depth: number): number {
  invariant(depth <= CBOR_DEPTH_MAX, 'a CBOR value nests at most CBOR_DEPTH_MAX deep')
  if (value === null || typeof value === 'boolean') return 1
  if (typeof value === 'number') return headLength(value)
  if (typeof value === 'string') return headAndContent(utf8(value).length)
  if (value instanceof Uint8Array) return headAndContent(value.length)
  let length = headLength(value.length)
  for (const item of value) length += lengthOf(item, depth + 1)
  return length
}

function headAndContent(length: number): number {
  return headLength(length) + length
}

function headLength(count: number): number {
  invariant(Number.isSafeInteger(count) && count >= 0, 'CBOR integers lie in [0, 2^53)')
  if (count < 24) return 1
  if (count < 2 ** 8) return 2
  if (count < 2 ** 16) return 3
  return count < 2 ** 32 ? 5 : 9
}

/** Writes a value from `at` on; returns where it ends. */
function write(value: CborValue, bytes: Uint8Array, at: number): number {
  if (value === null) return writeByte(bytes, at, NULL)
  if (typeof value === 'boolean') return writeByte(bytes, at, value ? TRUE : FALSE)
  if (typeof value === 'number') return writeHead(bytes, at, MAJOR_UNSIGNED, value)
  if (typeof value === 'string') return writeContent(bytes, at, MAJOR_TEXT, utf8(value))
  if (value instanceof Uint8Array) return writeContent(bytes, at, MAJOR_BYTES, value)
  let end = writeHead(bytes, at, MAJOR_ARRAY, value.length)
  for (const item of value) end = write(item, bytes, end)
  return end
}

function writeByte(bytes: Uint8Array, at: number, byte: number): number {
  bytes[at] = byte
  return at + 1
}

function writeContent(bytes: Uint8Array, at: number, major: number, content: Uint8Array): number {
  const start = writeHead(bytes, at, major, content.length)
  bytes.set(content, start)
  return start + content.length
}

function writeHead(bytes: Uint8Array, at: number, major: number, count: number): number {
  const type = major << 5
  const length = headLength(count)
  if (length === 1) return writeByte(bytes, at, type | count)
  bytes[at] = type | (length === 2 ? 24 : length === 3 ? 25 : length === 5 ? 26 : 27)
  // From the last byte on: above 2^32 there are no shifts.
  let rest = count
  for (let index = at + length - 1; index > at; index--) {
    bytes[index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return at + length
}

function read(reader: Reader, depth: number): CborValue {
  if (depth > CBOR_DEPTH_MAX) throw new Refusal('nested too deep')
  const first = readByte(reader)
  if (first === FALSE) return false
  if (first === TRUE) return true
  if (first === NULL) return null
  const major = first >> 5
  const count = readCount(reader, first & 31)
  if (major === MAJOR_UNSIGNED) return count
  if (major === MAJOR_BYTES) return take(reader, count)
  if (major === MAJOR_TEXT) return readText(reader, count)
  if (major !== MAJOR_ARRAY) throw new Refusal('type not in the subset')
  // Each item takes at least one byte: a count beyond that is a lie, and would only cost memory.
  if (count > reader.bytes.length - reader.at) throw new Refusal('truncated')
  const items: CborValue[] = []
  for (let index = 0; index < count; index++) items.push(read(reader, depth + 1))
  return items
}

function readByte(reader: Reader): number {
  const byte = reader.bytes[reader.at]
  if (byte === undefined) throw new Refusal('truncated')
  reader.at++
  return byte
}

function readCount(reader: Reader, short: number): number {
  if (short < 24) return short
  if (short > 27) throw new Refusal('length not definite')
  const size = 2 ** (short - 24)
  let count = 0
  for (let index = 0; index < size; index++) count = count * 256 + readByte(reader)
  if (!Number.isSafeInteger(count)) throw new Refusal('integer too large')
  const shortest = size === 1 ? 24 : 2 ** (4 * size)
  if (count < shortest) throw new Refusal('integer not in its shortest form')
  return count
}

function take(reader: Reader, length: number): Uint8Array {
  const end = reader.at + length
  if (end > reader.bytes.length) throw new Refusal('truncated')
  const bytes = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return bytes
}

function readText(reader: Reader, length: number): string {
  const text = textOf(take(reader, length))
  if (text === undefined) throw new Refusal('text is not UTF-8')
  return text
}
