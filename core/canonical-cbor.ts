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

import { concatBytes, textOf, utf8 } from './bytes.ts'
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
  const parts: Uint8Array[] = []
  write(value, parts, 0)
  return concatBytes(parts)
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

function write(value: CborValue, parts: Uint8Array[], depth: number): void {
  invariant(depth <= CBOR_DEPTH_MAX, 'a CBOR value nests at most CBOR_DEPTH_MAX deep')
  if (value === null) parts.push(Uint8Array.of(NULL))
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? TRUE : FALSE))
  else if (typeof value === 'number') parts.push(head(MAJOR_UNSIGNED, value))
  else if (typeof value === 'string') {
    const text = utf8(value)
    parts.push(head(MAJOR_TEXT, text.length), text)
  } else if (value instanceof Uint8Array) parts.push(head(MAJOR_BYTES, value.length), value)
  else {
    parts.push(head(MAJOR_ARRAY, value.length))
    for (const item of value) write(item, parts, depth + 1)
  }
}

function head(major: number, count: number): Uint8Array {
  invariant(Number.isSafeInteger(count) && count >= 0, 'CBOR integers lie in [0, 2^53)')
  const type = major << 5
  if (count < 24) return Uint8Array.of(type | count)
  if (count < 2 ** 8) return Uint8Array.of(type | 24, count)
  const size = count < 2 ** 16 ? 2 : count < 2 ** 32 ? 4 : 8
  const bytes = new Uint8Array(1 + size)
  const view = new DataView(bytes.buffer)
  bytes[0] = type | (size === 2 ? 25 : size === 4 ? 26 : 27)
  if (size === 2) view.setUint16(1, count)
  else if (size === 4) view.setUint32(1, count)
  else view.setBigUint64(1, BigInt(count))
  return bytes
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
  for (const byte of take(reader, size)) count = count * 256 + byte
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
