/**
 * A link between two simulated devices: what goes over it arrives in order, or the link is over.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Link, LinkEnd, LinkListener } from '../../node/network/network.ts'
import type { MeshPort } from './mesh-port.ts'

/** What a message that is lost on a link costs: it is sent again. */
const AGAIN_MS = 300
/** Until an end notices that nothing comes through, at most. */
const NOTICE_MS_MAX = 15_000

export interface LinkInit {
  readonly near: MeshPort
  readonly far: MeshPort
  readonly protocol: string
  readonly isInbound: boolean
}

/** The two ends of a link that `from` opens. */
export function linkOf(
  from: MeshPort,
  to: MeshPort,
  protocol: string,
): readonly [MeshLink, MeshLink] {
  const near = new MeshLink({ near: from, far: to, protocol, isInbound: false })
  const far = new MeshLink({ near: to, far: from, protocol, isInbound: true })
  near.join(far)
  far.join(near)
  return [near, far]
}

export class MeshLink implements Link {
  readonly protocol: string
  readonly isInbound: boolean
  readonly far: MeshPort
  readonly bufferedBytes = 0
  readonly #near: MeshPort
  readonly #waiting: Uint8Array[] = []
  #other: MeshLink | undefined
  #listener: LinkListener | undefined
  #over: LinkEnd | undefined
  /** When the last thing that was sent from here arrives. */
  #lastMs = 0

  constructor({ near, far, protocol, isInbound }: LinkInit) {
    this.#near = near
    this.far = far
    this.protocol = protocol
    this.isInbound = isInbound
    near.hold(this)
  }

  get peer(): PeerId {
    return this.far.self
  }

  get open(): boolean {
    return this.#over === undefined
  }

  join(other: MeshLink): void {
    this.#other = other
  }

  send(...chunks: readonly Uint8Array[]): void {
    if (!this.open) return
    const frame = concatBytes(chunks)
    this.#carry(frame.length, (other) => other.#arrive(frame))
  }

  async drained(): Promise<void> {}

  receive(listener: LinkListener): void {
    invariant(this.#listener === undefined, 'a link is received from once')
    this.#listener = listener
    const frames = this.#waiting.splice(0)
    queueMicrotask(() => {
      for (const frame of frames) void listener.onFrame(frame)
      if (this.#over !== undefined) listener.onEnd(this.#over)
    })
  }

  async close(): Promise<void> {
    if (!this.open) return
    this.#carry(0, (other) => other.end('ended'))
    this.end('local')
  }

  abort(): void {
    if (!this.open) return
    this.#carry(0, (other) => other.end('reset'))
    this.end('local')
  }

  /** This end is over. */
  end(end: LinkEnd): void {
    if (this.#over !== undefined) return
    this.#over = end
    this.#near.drop(this)
    const listener = this.#listener
    if (listener !== undefined) queueMicrotask(() => listener.onEnd(end))
  }

  #arrive(frame: Uint8Array): void {
    const listener = this.#listener
    if (!this.open) return
    if (listener === undefined) this.#waiting.push(frame)
    else void listener.onFrame(frame)
  }

  #carry(bytes: number, act: (other: MeshLink) => void): void {
    const { net, self } = this.#near
    const other = this.#other
    invariant(other !== undefined, 'a link has two ends')
    if (net.isCut(self, this.peer)) return this.#break()
    const againMs = net.copies() === 0 ? AGAIN_MS : 0
    const atMs = net.clock.nowMs + againMs + net.wayMs(this.#near, this.peer, bytes)
    this.#lastMs = Math.max(this.#lastMs, atMs)
    this.far.life.after(this.#lastMs - net.clock.nowMs, 'arrival', () => {
      if (net.isCut(self, this.peer)) this.#break()
      else act(other)
    })
  }

  /** Something is lost for good: each end notices in its own time. */
  #break(): void {
    this.#endLater()
    if (this.#other !== undefined) this.#other.#endLater()
  }

  #endLater(): void {
    const { net, life } = this.#near
    life.after(net.random.fraction() * NOTICE_MS_MAX, 'end', () => this.end('reset'))
  }
}
