/**
 * One link of /brume/inference/1: messages in, messages out, in order.
 *
 * @module
 */

import { crc32 } from 'node:zlib'
import type { PeerId } from '../../core/ids.ts'
import {
  WireReader,
  WireWriter,
  type Envelope,
  type InferenceCode,
} from '../../protocols/inference/index.ts'
import type { Link } from '../network/network.ts'
import type { LentUplink } from './lending.ts'

/** Bytes that may wait in the link before the next frame is held back. */
const BUFFERED_BYTES_MAX = 1_048_576

/** What may wait for a peer that does not read, in messages and in bytes; beyond, the link ends. */
const QUEUED_MESSAGES_MAX = 20_000
const QUEUED_BYTES_MAX = 536_870_912

export interface InferenceLinkListener {
  onEnvelope(envelope: Envelope, link: InferenceLink): void
  /** Called exactly once. The code says more when this side ended the link for the other's fault. */
  onEnd(link: InferenceLink, code: InferenceCode): void
}

export class InferenceLink {
  readonly #link: Link
  readonly #writer = new WireWriter(crc32)
  readonly #reader = new WireReader(crc32)
  readonly #waiting: Envelope[] = []
  /** Signs of life, which do not wait for what is long. */
  readonly #beats: Envelope[] = []
  /** Learns how fast the system takes what waits here. */
  readonly #uplink: LentUplink | undefined
  #sentBytes = 0
  #queuedBytes = 0
  /** What is left of the message that is being sent. */
  #message: ReturnType<WireWriter['frames']> | undefined
  #sending = false
  #fault: InferenceCode = 'INFERENCE_LINK_LOST'

  constructor(link: Link, listener: InferenceLinkListener, uplink?: LentUplink) {
    this.#link = link
    this.#uplink = uplink
    link.receive({
      onFrame: (frame) => {
        const read = this.#reader.read(frame)
        if (read.type === 'message') listener.onEnvelope(read.envelope, this)
        else if (read.type === 'fault') {
          this.#fault = read.code
          link.abort()
        }
      },
      onEnd: () => listener.onEnd(this, this.#fault),
    })
  }

  get peer(): PeerId {
    return this.#link.peer
  }

  get open(): boolean {
    return this.#link.open
  }

  /** Queues one message. On a link that is over it does nothing: `onEnd` has told. */
  send(envelope: Envelope): void {
    if (!this.#link.open) return
    const queue = this.#mayOvertake(envelope) ? this.#beats : this.#waiting
    queue.push(envelope)
    this.#queuedBytes += bytesOf(envelope)
    if (this.#isFlooded) {
      this.#fault = 'INFERENCE_STALLED'
      this.#link.abort()
      return
    }
    // The common case, a small message on an idle link, leaves within this call.
    if (!this.#sending && !this.#sendReady()) void this.#sendRest()
  }

  /** Sends what is queued, then ends the link. */
  async close(): Promise<void> {
    while (this.#sending && this.#link.open) await this.#link.drained()
    await this.#link.close()
  }

  abort(): void {
    this.#link.abort()
  }

  get #isFlooded(): boolean {
    const queued = this.#waiting.length + this.#beats.length
    // One message alone is never too much, however large it is.
    return queued > QUEUED_MESSAGES_MAX || (queued > 1 && this.#queuedBytes > QUEUED_BYTES_MAX)
  }

  /**
   * True for a sign of life: it goes between the frames of a long message, or a slow link would
   * look like a dead device. It never goes ahead of the `open` of its own slot.
   */
  #mayOvertake({ slot, message }: Envelope): boolean {
    if (message.type !== 'ping' && message.type !== 'pong') return false
    return !this.#waiting.some(({ slot: other }) => other === slot)
  }

  /** Sends while the link takes it at once; false when something may still wait. */
  #sendReady(): boolean {
    while (this.#link.bufferedBytes <= BUFFERED_BYTES_MAX) {
      const frame = this.#nextFrame()
      if (frame === undefined) return true
      this.#link.send(...frame)
      for (const { length } of frame) this.#sentBytes += length
    }
    return false
  }

  async #sendRest(): Promise<void> {
    this.#sending = true
    this.#uplink?.sending()
    const before = this.#sentBytes
    do await this.#link.drained()
    while (this.#link.open && !this.#sendReady())
    this.#uplink?.sent(this.#sentBytes - before)
    this.#sending = false
  }

  #nextFrame(): readonly Uint8Array[] | undefined {
    const beat = this.#beats.shift()
    if (beat !== undefined) return this.#writer.frames(beat).next().value ?? undefined
    for (;;) {
      const frame = this.#message?.next()
      if (frame?.done === false) return frame.value
      const envelope = this.#waiting.shift()
      this.#message = envelope === undefined ? undefined : this.#writer.frames(envelope)
      if (envelope === undefined) return undefined
      this.#queuedBytes -= bytesOf(envelope)
    }
  }
}

function bytesOf({ message }: Envelope): number {
  if (message.type !== 'step' && message.type !== 'output') return 0
  return message.tensors.reduce((sum, { data }) => sum + data.length, 0)
}
