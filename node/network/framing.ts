/**
 * Frames on a stream of bytes: a length of four bytes, little-endian, then that many bytes.
 *
 * A stream keeps no message boundaries: what was sent as one piece arrives as any
 * pieces. {@link FrameSplitter} finds the frames again and never holds more than twice
 * the bytes that really arrived, whatever length was announced.
 *
 * @module
 */

/** Bytes of the length before every frame. */
export const FRAME_HEADER_BYTES = 4

/** Frames shorter than this are copied, so that a kept frame does not hold the whole chunk it came in. */
const COPY_BYTES_MAX = 4096

/** Buffers of at most this size are reserved at once, on the word of the sender. */
const TRUSTED_BYTES_MAX = 256 * 1024

/** A peer announced a frame that is longer than the limit: nothing after it can be read. */
export interface FrameFault {
  readonly type: 'fault'
  readonly code: 'frame-too-long'
  readonly frameBytes: number
}

/** The length before a frame of `frameBytes`, in [0, 2^32). */
export function frameHeader(frameBytes: number): Uint8Array {
  return Uint8Array.of(frameBytes, frameBytes >>> 8, frameBytes >>> 16, frameBytes >>> 24)
}

/** Finds the frames in chunks of bytes. After a fault it must be fed no more. */
export class FrameSplitter {
  readonly #frameBytesMax: number
  /** Bytes of the header so far, as a number, and how many they are. */
  #length = 0
  #headerBytes = 0
  /** The frame so far when it spans several chunks. */
  #partial: Uint8Array | undefined
  #partialBytes = 0

  /** @param frameBytesMax - Longest frame that is accepted, in bytes, below 2^32. */
  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  /** The frames that `chunk` completes, in order, up to a fault. */
  push(chunk: Uint8Array): readonly (Uint8Array | FrameFault)[] {
    const found: (Uint8Array | FrameFault)[] = []
    let at = 0
    for (;;) {
      at = this.#readHeader(chunk, at)
      if (this.#headerBytes < FRAME_HEADER_BYTES) return found
      if (this.#length > this.#frameBytesMax) {
        found.push({ type: 'fault', code: 'frame-too-long', frameBytes: this.#length })
        return found
      }
      const end = Math.min(chunk.length, at + this.#length - this.#partialBytes)
      const frame = this.#readBody(chunk, at, end)
      if (frame === undefined) return found
      found.push(frame)
      at = end
    }
  }

  #readHeader(chunk: Uint8Array, start: number): number {
    let at = start
    while (this.#headerBytes < FRAME_HEADER_BYTES && at < chunk.length) {
      // Multiplied, not shifted: the fourth byte would make it negative.
      this.#length += (chunk[at++] ?? 0) * 2 ** (8 * this.#headerBytes++)
    }
    return at
  }

  #readBody(chunk: Uint8Array, at: number, end: number): Uint8Array | undefined {
    const length = this.#length
    if (this.#partialBytes === 0 && end - at === length) {
      this.#reset()
      return length < COPY_BYTES_MAX ? chunk.slice(at, end) : chunk.subarray(at, end)
    }
    const partial = this.#reserve(this.#partialBytes + end - at)
    partial.set(chunk.subarray(at, end), this.#partialBytes)
    this.#partialBytes += end - at
    if (this.#partialBytes < length) return undefined
    this.#reset()
    return partial.subarray(0, length)
  }

  /** Room for `bytes` of the frame. Grows by doubling, so that a lie about the length costs nothing. */
  #reserve(bytes: number): Uint8Array {
    const held = this.#partial
    if (held !== undefined && held.length >= bytes) return held
    const wanted = Math.max(bytes, 2 * (held?.length ?? 0), TRUSTED_BYTES_MAX)
    const grown = new Uint8Array(Math.min(this.#length, wanted))
    if (held !== undefined) grown.set(held.subarray(0, this.#partialBytes))
    this.#partial = grown
    return grown
  }

  #reset(): void {
    this.#length = 0
    this.#headerBytes = 0
    this.#partial = undefined
    this.#partialBytes = 0
  }
}

/**
 * A pipeline step from chunks of bytes to frames. Ends after a fault.
 *
 * @param frameBytesMax - Longest frame that is accepted, in bytes.
 */
export function splitFrames(
  frameBytesMax: number,
): (chunks: AsyncIterable<Iterable<Uint8Array>>) => AsyncGenerator<Uint8Array | FrameFault> {
  return async function* frames(chunks) {
    const splitter = new FrameSplitter(frameBytesMax)
    for await (const pieces of chunks) {
      const found = framesIn(pieces, splitter)
      yield* found
      if (isFault(found.at(-1))) return
    }
  }
}

/** The frames that `pieces` complete, up to a fault. */
function framesIn(
  pieces: Iterable<Uint8Array>,
  splitter: FrameSplitter,
): (Uint8Array | FrameFault)[] {
  const found: (Uint8Array | FrameFault)[] = []
  for (const piece of pieces) {
    for (const frame of splitter.push(piece)) found.push(frame)
    if (isFault(found.at(-1))) return found
  }
  return found
}

function isFault(item: Uint8Array | FrameFault | undefined): item is FrameFault {
  return item !== undefined && !(item instanceof Uint8Array)
}
