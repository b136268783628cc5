/**
 * Two ends of a link within this process: a device is a stage of its own sessions too.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { concatBytes } from '../../core/bytes.ts'
import type { Link, LinkEnd, LinkListener } from '../network/network.ts'

/** A pair of links; what one sends the other receives, one turn of the event loop later. */
export function localLinkPair(self: PeerId): readonly [Link, Link] {
  const a = new LocalLink(self)
  const b = new LocalLink(self)
  a.join(b)
  b.join(a)
  return [a, b]
}

class LocalLink implements Link {
  readonly peer: PeerId
  #other: LocalLink | undefined
  #listener: LinkListener | undefined
  #end: LinkEnd | undefined
  readonly #frames: Uint8Array[] = []
  #bytes = 0
  #reading = false
  readonly #drains: (() => void)[] = []

  constructor(peer: PeerId) {
    this.peer = peer
  }

  join(other: LocalLink): void {
    this.#other = other
  }

  get open(): boolean {
    return this.#end === undefined
  }

  get bufferedBytes(): number {
    return this.#other?.waitingBytes ?? 0
  }

  /** Bytes that this end has not read yet. */
  get waitingBytes(): number {
    return this.#bytes
  }

  send(...chunks: readonly Uint8Array[]): void {
    if (this.#end === undefined) this.#other?.take(concatBytes(chunks))
  }

  drained(): Promise<void> {
    if (this.bufferedBytes === 0 || !this.open) return Promise.resolve()
    return new Promise((resolve) => this.#drains.push(resolve))
  }

  /** The other end has read everything, or this one is over. */
  wake(): void {
    for (const resolve of this.#drains.splice(0)) resolve()
  }

  receive(listener: LinkListener): void {
    this.#listener = listener
    this.#read()
  }

  close(): Promise<void> {
    this.#other?.finish('ended')
    this.finish('local')
    return Promise.resolve()
  }

  abort(): void {
    this.#other?.finish('reset')
    this.finish('local')
  }

  take(frame: Uint8Array): void {
    this.#frames.push(frame)
    this.#bytes += frame.length
    this.#read()
  }

  finish(end: LinkEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.wake()
    this.#read()
  }

  #read(): void {
    if (this.#reading || this.#listener === undefined) return
    this.#reading = true
    setImmediate(() => void this.#readAll(this.#listener as LinkListener))
  }

  async #readAll(listener: LinkListener): Promise<void> {
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      this.#bytes -= frame.length
      // What was on its way when the other side closed still arrives; what it aborted does not.
      if (this.#end === undefined || this.#end === 'ended') await listener.onFrame(frame)
    }
    this.#other?.wake()
    this.#reading = false
    if (this.#frames.length > 0) return this.#read()
    if (this.#end !== undefined) {
      this.#listener = undefined
      listener.onEnd(this.#end)
    }
  }
}
