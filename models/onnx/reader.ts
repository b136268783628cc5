/**
 * Reads protobuf's wire format from bytes that may be anything (protobuf encoding specification).
 *
 * @module
 */

import {
  ONNX_DEPTH_MAX,
  ONNX_FIELDS_MAX,
  ONNX_OBJECTS_MAX,
  ONNX_UNKNOWN_FIELDS_MAX,
} from '../limits.ts'
import { refuse } from '../refuse.ts'
import type { Int64 } from './proto.ts'

export const WIRE_VARINT = 0
export const WIRE_8_BYTES = 1
export const WIRE_BYTES = 2
export const WIRE_4_BYTES = 5

/** Bytes of the longest varint: 64 bits, seven at a time. */
const VARINT_BYTES_MAX = 10
/** Varints of up to this many bytes are exact as numbers. */
const VARINT_BYTES_EXACT = 7

/** What one file may still have, counted down over all its messages. */
export class Budget {
  #fields = ONNX_FIELDS_MAX
  #objects = ONNX_OBJECTS_MAX
  #unknown = ONNX_UNKNOWN_FIELDS_MAX

  takeField(): void {
    if (this.#fields-- === 0) refuse('ONNX_LIMIT', `expected at most ${ONNX_FIELDS_MAX} fields`)
  }

  takeObject(): void {
    if (this.#objects-- === 0) refuse('ONNX_LIMIT', `expected at most ${ONNX_OBJECTS_MAX} objects`)
  }

  takeUnknown(): void {
    if (this.#unknown-- > 0) return
    refuse('ONNX_LIMIT', `expected at most ${ONNX_UNKNOWN_FIELDS_MAX} unknown fields`)
  }

  /** Refuses a message inside `depth` others. */
  checkDepth(depth: number): void {
    if (depth > ONNX_DEPTH_MAX) {
      refuse('ONNX_TOO_DEEP', `expected at most ${ONNX_DEPTH_MAX} messages inside one another`)
    }
  }
}

// A byte order mark is part of a name like any other character: it must come back when written.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Walks over one message. Every method refuses instead of reading beyond its end. */
export class WireReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get at(): number {
    return this.#at
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  /** A varint as an unsigned number; refuses what a number cannot hold exactly. */
  size(): number {
    const value = this.integer()
    if (typeof value === 'number' && value >= 0) return value
    return refuse('ONNX_MALFORMED', 'expected a length or tag below 2^53')
  }

  /** A varint as a signed 64-bit integer. */
  integer(): Int64 {
    const length = this.#varintBytes()
    const start = this.#at
    this.#at += length
    if (length <= VARINT_BYTES_EXACT) {
      let value = 0
      for (let index = length - 1; index >= 0; index--) {
        value = value * 128 + ((this.#bytes[start + index] ?? 0) & 127)
      }
      return value
    }
    let value = 0n
    for (let index = length - 1; index >= 0; index--) {
      value = (value << 7n) | BigInt((this.#bytes[start + index] ?? 0) & 127)
    }
    const signed = BigInt.asIntN(64, value)
    const exact = Number(signed)
    return Number.isSafeInteger(exact) ? exact : signed
  }

  float(): number {
    this.#need(4)
    const value = this.#view.getFloat32(this.#at, true)
    this.#at += 4
    return value
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    this.#need(length)
    const start = this.#at
    this.#at += length
    return this.#bytes.subarray(start, this.#at)
  }

  /** What was read since `start`, as a view. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#at)
  }

  /** A length and that many bytes. */
  bytes(): Uint8Array {
    return this.take(this.size())
  }

  text(): string {
    const bytes = this.bytes()
    try {
      return decoder.decode(bytes)
    } catch {
      // TextDecoder has no other way to say that the bytes are malformed.
      return refuse('ONNX_MALFORMED', 'expected names in UTF-8')
    }
  }

  /** Passes over the value of a field. */
  skip(wire: number): void {
    if (wire === WIRE_VARINT) this.#at += this.#varintBytes()
    else if (wire === WIRE_8_BYTES) this.take(8)
    else if (wire === WIRE_BYTES) this.bytes()
    else if (wire === WIRE_4_BYTES) this.take(4)
    // Wire types 3 and 4 are groups, which ONNX never had.
    else refuse('ONNX_MALFORMED', `expected wire type 0, 1, 2 or 5, got ${wire}`)
  }

  #varintBytes(): number {
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = this.#bytes[this.#at + index]
      if (byte === undefined) return refuse('ONNX_TRUNCATED', 'expected more of an integer')
      if (byte < 128) return index + 1
    }
    return refuse('ONNX_MALFORMED', `expected an integer of at most ${VARINT_BYTES_MAX} bytes`)
  }

  #need(length: number): void {
    const left = this.#bytes.length - this.#at
    if (length > left) refuse('ONNX_TRUNCATED', `expected ${length} more bytes, got ${left}`)
  }
}
