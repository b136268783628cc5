/**
 * Reads a libp2p stream with real backpressure.
 *
 * Iterating over a libp2p stream itself buffers without limit when the consumer is
 * slow. This reader pauses the stream instead, so that the muxer's window closes and
 * the sender has to wait.
 *
 * @module
 */

import type { Stream } from '@libp2p/interface'

/** The part of a libp2p stream that is needed to read it. */
export type ReadableStreamPort = Pick<
  Stream,
  'addEventListener' | 'removeEventListener' | 'pause' | 'resume' | 'readStatus' | 'readableEnded'
>

type Chunks = Iterable<Uint8Array>
type MessageEvent = Event & {
  readonly data: Uint8Array | (Chunks & { readonly byteLength: number })
}

export class StreamReader {
  readonly #stream: ReadableStreamPort
  readonly #bufferBytesMax: number
  readonly #queue: { readonly chunks: Chunks; readonly bytes: number }[] = []
  #queuedBytes = 0
  #paused = false
  #over = false
  #wake: (() => void) | undefined

  /** @param bufferBytesMax - Bytes waiting for the consumer above which the sender is held back. */
  constructor(stream: ReadableStreamPort, bufferBytesMax: number) {
    this.#stream = stream
    this.#bufferBytesMax = bufferBytesMax
  }

  /** Ends the iteration now and drops what waits. */
  stop(): void {
    this.#queue.length = 0
    this.#end()
  }

  /**
   * What the stream brings until its end or {@link stop}.
   *
   * @yields Each message, as the chunks that it came in.
   */
  async *read(): AsyncGenerator<Chunks> {
    const stream = this.#stream
    stream.addEventListener('message', this.#onMessage)
    stream.addEventListener('end', this.#end)
    stream.addEventListener('close', this.#end)
    if (stream.readableEnded) this.#end()
    try {
      for (;;) {
        const next = this.#queue.shift()
        if (next !== undefined) {
          this.#queuedBytes -= next.bytes
          yield next.chunks
          this.#resumeWhenLow()
        } else if (this.#over) {
          return
        } else {
          // oxlint-disable-next-line promise/avoid-new -- an event listener is what wakes us.
          await new Promise<void>((resolve) => (this.#wake = resolve))
        }
      }
    } finally {
      stream.removeEventListener('message', this.#onMessage)
      stream.removeEventListener('end', this.#end)
      stream.removeEventListener('close', this.#end)
    }
  }

  readonly #onMessage = (event: Event): void => {
    const { data } = event as MessageEvent
    const chunks = data instanceof Uint8Array ? [data] : data
    this.#queue.push({ chunks, bytes: data.byteLength })
    this.#queuedBytes += data.byteLength
    this.#pauseWhenHigh()
    this.#wake?.()
  }

  readonly #end = (): void => {
    this.#over = true
    this.#wake?.()
  }

  #pauseWhenHigh(): void {
    if (this.#paused || this.#queuedBytes <= this.#bufferBytesMax) return
    this.#paused = true
    // Not at once: a message that `resume` dispatches arrives inside of `resume`, which
    // goes on to open the muxer's window, and would undo a pause made here.
    queueMicrotask(() => {
      if (this.#paused && this.#stream.readStatus === 'readable') this.#stream.pause()
    })
  }

  #resumeWhenLow(): void {
    if (!this.#paused || this.#queuedBytes > this.#bufferBytesMax / 2) return
    this.#paused = false
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }
}
