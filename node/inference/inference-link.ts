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

/** Bytes that may wait in the link before the next frame is held back. */
const BUFFERED_BYTES_MAX = 1_048_576

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
  #sending = false
  #fault: InferenceCode = 'INFERENCE_LINK_LOST'

  constructor(link: Link, listener: InferenceLinkListener) {
    this.#link = link
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
    this.#waiting.push(envelope)
    if (this.#sending) return
    // The common case, a small message on an idle link, leaves within this call.
    if (!this.#sendReady()) {
      this.#sending = true
      void this.#sendAll()
    }
  }

  /** Sends what is queued, then ends the link. */
  async close(): Promise<void> {
    while (this.#sending && this.#link.open) await this.#link.drained()
    await this.#link.close()
  }

  abort(): void {
    this.#link.abort()
  }

  /** Sends while the link takes it at once; false when something still waits. */
  #sendReady(): boolean {
    while (this.#link.bufferedBytes <= BUFFERED_BYTES_MAX) {
      const envelope = this.#waiting.shift()
      if (envelope === undefined) return true
      const frames = this.#writer.frames(envelope)
      if (frames.length > 1) {
        this.#sending = true
        void this.#sendLong(frames)
        return true
      }
      for (const chunks of frames) this.#link.send(...chunks)
    }
    return this.#waiting.length === 0
  }

  async #sendLong(frames: readonly (readonly Uint8Array[])[]): Promise<void> {
    for (const chunks of frames) {
      if (this.#link.bufferedBytes > BUFFERED_BYTES_MAX) await this.#link.drained()
      this.#link.send(...chunks)
    }
    await this.#sendAll()
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      for (const chunks of this.#writer.frames(next)) {
        if (this.#link.bufferedBytes > BUFFERED_BYTES_MAX) await this.#link.drained()
        this.#link.send(...chunks)
      }
    }
    this.#sending = false
  }
}
