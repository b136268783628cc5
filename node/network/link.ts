/**
 * A {@link Link} over one libp2p stream: frames in, frames out, one end.
 *
 * A link has no half-open state. When the other side ends its half, ours ends too;
 * when anything breaks, the stream is reset.
 *
 * @module
 */

import type { Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import type { PeerId } from '../../core/ids.ts'
import { InvariantError, invariant } from '../../core/invariant.ts'
import type { Logger } from '../../core/logger.ts'
import { type FrameFault, frameHeader, splitFrames } from './framing.ts'
import type { Link, LinkEnd, LinkListener } from './network.ts'
import { type ReadableStreamPort, StreamReader } from './stream-reader.ts'
import { StreamWriter, type WritableStreamPort } from './stream-writer.ts'
import { spareWindowUpdates } from './window-updates.ts'

/** The part of a libp2p stream that a link needs. */
export type LinkStreamPort = ReadableStreamPort &
  WritableStreamPort &
  Pick<Stream, 'status' | 'remoteWriteStatus' | 'close' | 'closeRead' | 'abort'>

export interface LinkInit {
  readonly peer: PeerId
  /** Longest frame that is read, in bytes. */
  readonly frameBytesMax: number
  /** Bytes that wait on either side before the reader pauses and the writer keeps back. */
  readonly bufferBytesMax: number
  /** Bytes that may wait to be sent; a sender who goes beyond loses the link. */
  readonly writeBytesMax: number
  /** Time that the other side has to end its half after we ended ours, in ms. */
  readonly closeMsMax: number
  /** Told of the bytes of each frame that is sent or received. */
  readonly onTraffic?: (bytes: number) => void
}

export class FramedLink implements Link {
  readonly peer: PeerId
  readonly #stream: LinkStreamPort
  readonly #init: LinkInit
  readonly #log: Logger
  readonly #reader: StreamReader
  readonly #writer: StreamWriter
  #listener: LinkListener | undefined
  #end: LinkEnd | undefined
  /** True once the other side said that it sends no more, as opposed to having vanished. */
  #remoteEnded: boolean

  constructor(stream: LinkStreamPort, log: Logger, init: LinkInit) {
    this.peer = init.peer
    this.#stream = stream
    this.#init = init
    this.#log = log
    this.#reader = new StreamReader(stream, init.bufferBytesMax)
    this.#writer = new StreamWriter(stream, {
      streamBytesMax: init.bufferBytesMax,
      onRefused: () => this.#finish('reset'),
    })
    spareWindowUpdates(stream)
    this.#remoteEnded = stream.remoteWriteStatus === 'closed'
    stream.addEventListener('remoteCloseWrite', this.#onRemoteEnd)
    stream.addEventListener('close', this.#onClose)
    // A reset may land before anyone listens, and no event follows.
    if (stream.status !== 'open' && stream.status !== 'closing') this.#onClose()
  }

  get open(): boolean {
    return this.#end === undefined
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes
  }

  send(...chunks: readonly Uint8Array[]): void {
    if (this.#end !== undefined) return
    let bytes = 0
    for (const chunk of chunks) bytes += chunk.byteLength
    if (this.#writer.bufferedBytes + bytes > this.#init.writeBytesMax) {
      this.#log.warn('link.write-buffer-full', { peer: this.peer, bytes })
      this.#reset()
      return
    }
    this.#init.onTraffic?.(bytes)
    this.#writer.write([frameHeader(bytes), ...chunks])
  }

  drained(): Promise<void> {
    return this.#writer.drained()
  }

  receive(listener: LinkListener): void {
    invariant(this.#listener === undefined, 'a link has one listener')
    this.#listener = listener
    if (this.#end !== undefined) queueMicrotask(() => listener.onEnd(this.#end ?? 'reset'))
    else void this.#pump(listener)
  }

  async close(): Promise<void> {
    if (this.#end !== undefined) return
    this.#end = 'local'
    this.#reader.stop()
    this.#tellEnd()
    await this.#closeStream()
  }

  abort(): void {
    if (this.#end !== undefined) return
    this.#finish('local')
    this.#stream.abort(new Error('the link was aborted here'))
  }

  async #pump(listener: LinkListener): Promise<void> {
    try {
      await pipe(this.#reader.read(), splitFrames(this.#init.frameBytesMax), (frames) =>
        this.#deliver(frames, listener),
      )
    } catch (error) {
      this.#reset()
      if (error instanceof InvariantError) throw error
      this.#log.error('link.listener-failed', { peer: this.peer, error })
      return
    }
    if (this.#end !== undefined) return
    if (!this.#remoteEnded) {
      this.#reset()
      return
    }
    const unsent = this.#writer.bufferedBytes > 0
    this.#finish('ended')
    // Nobody reads what is left: the other side ended both directions.
    if (unsent) this.#stream.abort(new Error('the other side ended the link'))
    else await this.#closeStream()
  }

  async #deliver(
    frames: AsyncIterable<Uint8Array | FrameFault>,
    listener: LinkListener,
  ): Promise<void> {
    for await (const frame of frames) {
      if (this.#end !== undefined) return
      if (!(frame instanceof Uint8Array)) {
        this.#log.debug('link.frame-too-long', { peer: this.peer, frameBytes: frame.frameBytes })
        this.#reset()
        return
      }
      this.#init.onTraffic?.(frame.byteLength)
      const taken = listener.onFrame(frame)
      // Awaited only when there is something to wait for: a frame a tick would be slow.
      if (taken !== undefined) await taken
    }
  }

  readonly #onRemoteEnd = (): void => {
    this.#remoteEnded = true
  }

  readonly #onClose = (): void => {
    this.#writer.stop()
    // Closed in order: the frames that still wait are delivered first, then the pump ends.
    if (this.#remoteEnded && this.#stream.status === 'closed' && this.#listener !== undefined)
      return
    this.#finish('reset')
  }

  #reset(): void {
    if (this.#end !== undefined) return
    this.#finish('reset')
    this.#stream.abort(new Error('the link was reset'))
  }

  #finish(end: LinkEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.#reader.stop()
    this.#writer.stop()
    this.#tellEnd()
  }

  /** In a microtask: nobody expects `onEnd` inside of a call of theirs. */
  #tellEnd(): void {
    const listener = this.#listener
    const end = this.#end
    if (listener !== undefined && end !== undefined) queueMicrotask(() => listener.onEnd(end))
  }

  async #closeStream(): Promise<void> {
    const signal = AbortSignal.timeout(this.#init.closeMsMax)
    const stop = (): void => this.#writer.stop()
    signal.addEventListener('abort', stop)
    try {
      await this.#writer.flushed()
      await this.#stream.close({ signal })
      await this.#stream.closeRead({ signal })
      await this.#untilClosed(signal)
    } catch {
      // It was reset meanwhile, or took too long: in both cases nothing is left to save.
    } finally {
      signal.removeEventListener('abort', stop)
      this.#writer.stop()
      if (this.#stream.status === 'open') this.#stream.abort(new Error('the link did not end'))
    }
  }

  async #untilClosed(signal: AbortSignal): Promise<void> {
    if (this.#stream.status !== 'open') return
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = (): void => resolve()
    this.#stream.addEventListener('close', done)
    signal.addEventListener('abort', done)
    await promise
    this.#stream.removeEventListener('close', done)
    signal.removeEventListener('abort', done)
  }
}
