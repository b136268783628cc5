/**
 * Writes to a libp2p stream in batches and holds back when the stream is full.
 *
 * Everything that is written within one tick goes out as one piece: many small pieces
 * are joined in one buffer, long ones are handed over without a copy.
 *
 * @module
 */

import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { concatBytes } from '../../core/bytes.ts'

/** The part of a libp2p stream that is needed to write to it. */
export type WritableStreamPort = Pick<
  Stream,
  'addEventListener' | 'removeEventListener' | 'send' | 'writeBufferLength' | 'writeStatus'
>

export interface StreamWriterInit {
  /** Bytes that the stream may hold unsent before more are kept back here. */
  readonly streamBytesMax: number
  /** Called when the stream refuses what is written: it is over. */
  onRefused(): void
}

/** Pieces up to this length are joined with their neighbours: a copy is cheaper than a write of its own. */
const JOIN_BYTES_MAX = 16 * 1024

/** A run of short pieces is cut here, so that no large buffer is ever needed. */
const RUN_BYTES_MAX = 256 * 1024

export class StreamWriter {
  readonly #stream: WritableStreamPort
  readonly #init: StreamWriterInit
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #flushing = false
  #over = false
  #waiting: (() => void)[] = []

  constructor(stream: WritableStreamPort, init: StreamWriterInit) {
    this.#stream = stream
    this.#init = init
    stream.addEventListener('drain', this.#onRoom)
    stream.addEventListener('idle', this.#onRoom)
  }

  /** Bytes written that the muxer has not taken yet. */
  get bufferedBytes(): number {
    return this.#queuedBytes + this.#stream.writeBufferLength
  }

  /** Queues `pieces`, which must not change afterwards. They leave at the end of this tick. */
  write(pieces: readonly Uint8Array[]): void {
    if (this.#over) return
    for (const piece of pieces) {
      this.#queue.push(piece)
      this.#queuedBytes += piece.byteLength
    }
    this.#flushSoon()
  }

  /** Resolves once at most `streamBytesMax / 2` bytes are buffered, or when the writer was stopped. */
  async drained(): Promise<void> {
    await this.#untilBuffered(this.#init.streamBytesMax / 2)
  }

  /** Resolves once everything was handed to the muxer, or when the writer was stopped. */
  async flushed(): Promise<void> {
    await this.#untilBuffered(0)
  }

  /** Drops what is queued and lets everyone who waits go on. */
  stop(): void {
    this.#over = true
    this.#queue = []
    this.#queuedBytes = 0
    this.#stream.removeEventListener('drain', this.#onRoom)
    this.#stream.removeEventListener('idle', this.#onRoom)
    this.#releaseWaiting()
  }

  async #untilBuffered(bytesMax: number): Promise<void> {
    while (!this.#over && this.bufferedBytes > bytesMax) {
      // oxlint-disable-next-line promise/avoid-new -- an event listener is what wakes us.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  #releaseWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const release of waiting) release()
  }

  readonly #onRoom = (): void => {
    if (this.#queue.length === 0 && this.#waiting.length === 0) return
    // The stream itself goes on sending in a microtask after this event: look after that one.
    queueMicrotask(() => {
      this.#flushSoon()
      this.#releaseWaiting()
    })
  }

  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(this.#flush)
  }

  readonly #flush = (): void => {
    this.#flushing = false
    if (this.#queue.length === 0 || this.#stream.writeBufferLength > this.#init.streamBytesMax) {
      return
    }
    const pieces = joinSmall(this.#queue)
    const bytes = this.#queuedBytes
    this.#queue = []
    this.#queuedBytes = 0
    const [only] = pieces
    try {
      const whole = pieces.length === 1 && only !== undefined
      this.#stream.send(whole ? only : Uint8ArrayList.fromUint8Arrays(pieces, bytes))
    } catch {
      // Thrown only by a stream that is closed for writing, which is what we report.
      this.#init.onRefused()
    }
  }
}

/** `pieces` with each run of short ones joined to one. */
function joinSmall(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  let run: Uint8Array[] = []
  let runBytes = 0
  const endRun = (): void => {
    if (run.length > 0) joined.push(concatBytes(run))
    run = []
    runBytes = 0
  }
  for (const piece of pieces) {
    if (piece.byteLength > JOIN_BYTES_MAX || runBytes > RUN_BYTES_MAX) endRun()
    if (piece.byteLength > JOIN_BYTES_MAX) {
      joined.push(piece)
      continue
    }
    run.push(piece)
    runBytes += piece.byteLength
  }
  endRun()
  return joined
}
