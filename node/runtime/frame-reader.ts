/**
 * Puts messages of an executor together from the pieces in which a socket hands them over.
 *
 * @module
 */

import { type Frame, FRAME_HEADER_BYTES, type FrameHeader, readHeader } from './executor-wire.ts'

/** Elements of every type are in place at multiples of this many bytes. */
const ALIGNMENT = 8

export class FrameReader {
  readonly #bodyBytesMax: number
  readonly #headerBytes = new Uint8Array(FRAME_HEADER_BYTES)
  #header: FrameHeader | undefined
  #body: Uint8Array = new Uint8Array()
  #filled = 0

  /** @param bodyBytesMax - Longest body that the other end may send. */
  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax
  }

  /** The messages that `chunk` completes, or why the bytes are none. */
  push(chunk: Uint8Array): readonly Frame[] | string {
    const frames: Frame[] = []
    let at = 0
    // A body of no bytes is complete without another byte to come.
    while (at < chunk.length || this.#complete) {
      if (this.#header === undefined) {
        at += this.#fill(this.#headerBytes, chunk.subarray(at))
        if (this.#filled < FRAME_HEADER_BYTES) break
        const refusal = this.#begin()
        if (refusal !== undefined) return refusal
        at += this.#take(chunk, at)
        continue
      }
      at += this.#fill(this.#body, chunk.subarray(at))
      if (!this.#complete) break
      frames.push({ ...this.#header, body: this.#body })
      this.#header = undefined
      this.#filled = 0
    }
    return frames
  }

  get #complete(): boolean {
    return this.#header !== undefined && this.#filled === this.#body.length
  }

  #begin(): string | undefined {
    const header = readHeader(this.#headerBytes)
    if (typeof header === 'string') return header
    if (header.bodyBytes > this.#bodyBytesMax) {
      return `expected at most ${this.#bodyBytesMax} bytes, got ${header.bodyBytes}`
    }
    this.#header = header
    this.#filled = 0
    return undefined
  }

  /** Makes room for the body; one that is in `chunk` as a whole stays there. Returns the bytes taken. */
  #take(chunk: Uint8Array, at: number): number {
    const length = this.#header?.bodyBytes ?? 0
    const aligned = (chunk.byteOffset + at) % ALIGNMENT === 0
    // A view keeps all of its chunk: not worth it for a small part.
    if (aligned && at + length <= chunk.length && 2 * length >= chunk.length) {
      this.#body = new Uint8Array(chunk.buffer, chunk.byteOffset + at, length)
      this.#filled = length
      return length
    }
    // Not zeroed, and not from Node's pool: views of it are aligned.
    this.#body = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    return 0
  }

  #fill(target: Uint8Array, source: Uint8Array): number {
    const count = Math.min(target.length - this.#filled, source.length)
    target.set(source.subarray(0, count), this.#filled)
    this.#filled += count
    return count
  }
}
