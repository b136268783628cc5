/**
 * Reads the values of a GGUF file's head, little endian, from bytes that may be anything.
 *
 * @module
 */

import { textOf } from '../../core/bytes.ts'
import { GGUF_HEAD_BYTES_MAX } from '../limits.ts'
import { refuse } from '../refuse.ts'

/** Every method refuses instead of reading beyond the end. */
export class HeadReader {
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

  /** The next bytes, as a view on the head. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** All that is left, as a view on the head; nothing is taken. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at)
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2), true)
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true)
  }

  float32(): number {
    return this.#view.getFloat32(this.#take(4), true)
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true)
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true)
  }

  /** A count or an offset: refuses what is larger than `most`. */
  size(most: number, what: string): number {
    const value = this.uint64()
    if (value <= BigInt(most)) return Number(value)
    return refuse('GGUF_LIMIT', `expected ${what} of at most ${most}, got ${value}`)
  }

  /** The bytes of a string, of at most `most`. */
  string(most: number, what: string): Uint8Array {
    return this.bytes(this.size(most, what))
  }

  /** The same as a text; refuses what is not UTF-8. */
  text(most: number, what: string): string {
    const text = textOf(this.string(most, what))
    return text ?? refuse('GGUF_MALFORMED', `expected ${what} in UTF-8`)
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) {
      if (this.#bytes.length >= GGUF_HEAD_BYTES_MAX) {
        refuse('GGUF_LIMIT', `expected at most ${GGUF_HEAD_BYTES_MAX} bytes before the weights`)
      }
      const left = this.#bytes.length - start
      refuse('GGUF_TRUNCATED', `expected ${length} more bytes at ${start}, got ${left}`)
    }
    this.#at = start + length
    return start
  }
}
