/**
 * Two libp2p streams joined in memory, with a window like yamux's, for tests.
 *
 * They are libp2p's own stream class, so that pausing, draining and closing behave as
 * in production; only the wire is missing.
 *
 * @module
 */

import type { Logger } from '@libp2p/interface'
import { AbstractStream } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'

const nothing = (): void => undefined
const silent: Logger = Object.assign(nothing, {
  error: nothing,
  trace: nothing,
  enabled: false,
  newScope: () => silent,
})

export class MemoryStream extends AbstractStream {
  #other: MemoryStream | undefined
  /** Bytes that may be sent before the other side grants more. */
  #window: number
  /** Bytes that arrived while paused. */
  #owed = 0

  constructor(direction: 'inbound' | 'outbound', windowBytes: number) {
    super({ id: direction, log: silent, direction, maxReadBufferLength: Infinity })
    this.#window = windowBytes
  }

  join(other: MemoryStream): void {
    this.#other = other
  }

  override sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    const sentBytes = Math.min(this.#window, data.byteLength)
    const bytes = data.slice(0, sentBytes)
    this.#window -= sentBytes
    if (sentBytes > 0) queueMicrotask(() => this.#other?.receive(bytes))
    return { sentBytes, canSendMore: this.#window > 0 }
  }

  receive(bytes: Uint8Array): void {
    this.onData(bytes)
    if (this.readStatus === 'paused') this.#owed += bytes.byteLength
    else this.#grant(bytes.byteLength)
  }

  override sendReset(): void {
    queueMicrotask(() => this.#other?.onRemoteReset())
  }

  override async sendCloseWrite(): Promise<void> {
    queueMicrotask(() => this.#other?.onRemoteCloseWrite())
  }

  override async sendCloseRead(): Promise<void> {
    await Promise.resolve()
  }

  override sendPause(): void {
    this.#owed = 0
  }

  override sendResume(): void {
    this.#grant(this.#owed)
    this.#owed = 0
  }

  /** As when the connection below dies: no end was announced. */
  lose(): void {
    this.onTransportClosed()
  }

  #grant(bytes: number): void {
    queueMicrotask(() => this.#other?.widen(bytes))
  }

  widen(bytes: number): void {
    this.#window += bytes
    if (this.writeBuffer.byteLength > 0) this.safeDispatchEvent('drain')
  }
}

/** Two ends of one stream. */
export function memoryStreamPair(windowBytes = 64 * 1024): [MemoryStream, MemoryStream] {
  const a = new MemoryStream('outbound', windowBytes)
  const b = new MemoryStream('inbound', windowBytes)
  a.join(b)
  b.join(a)
  return [a, b]
}
