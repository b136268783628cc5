/**
 * Reads fixed layouts from bytes that may be anything: TPM structures, quotes, reports, logs.
 *
 * Every method refuses with the reader's code instead of reading beyond the end,
 * and views are handed out, never copies: a length that lies costs no memory.
 *
 * @module
 */

import { type AttestationErrorCode, refuse } from '../errors.ts'

export interface ByteReaderInit {
  /** What to refuse with. */
  readonly code: AttestationErrorCode
  /** True for Intel's, AMD's and UEFI's layouts, false for the TPM's. */
  readonly littleEndian: boolean
}

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #init: ByteReaderInit
  #at = 0

  constructor(bytes: Uint8Array, init: ByteReaderInit) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#init = init
  }

  /** Offset of the next byte. */
  get at(): number {
    return this.#at
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), this.#init.littleEndian)
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), this.#init.littleEndian)
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), this.#init.littleEndian)
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** A TPM2B: a length of 16 bits, then as many bytes. */
  sized(): Uint8Array {
    return this.take(this.u16())
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.take(this.left)
  }

  /** Refuses when bytes are left: what is not read is not verified either. */
  end(): void {
    if (this.left !== 0) this.#refuse(`${this.left} bytes follow where the structure ends`)
  }

  #advance(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) {
      this.#refuse(`expected ${length} bytes at offset ${start}, got ${this.left}`)
    }
    this.#at = start + length
    return start
  }

  #refuse(reason: string): never {
    refuse(this.#init.code, reason)
  }
}
