/**
 * The network as one start of a device sees it: whom it is connected to, what it hears, and the links that it has.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type {
  ConnectedPeer,
  GossipMessage,
  Link,
  Network,
  ProtocolInit,
} from '../../node/network/network.ts'
import { someOf } from '../faults.ts'
import type { SimDevice } from '../sim-device.ts'
import { linkOf, type MeshLink } from './mesh-link.ts'
import type { MeshNet } from './mesh-net.ts'

/** What the epochs of a mesh use of the network. */
export type EpochNetwork = Pick<
  Network,
  'self' | 'handle' | 'open' | 'peers' | 'publish' | 'subscribe'
>

interface Subscription {
  readonly check: (message: GossipMessage) => 'accept' | 'ignore' | 'reject'
  readonly listener: (message: GossipMessage) => void
}

/** A message, and what it is about. */
export interface Said extends GossipMessage {
  readonly topic: string
}

/** The same on its way through the mesh. */
interface Gossiped extends Said {
  readonly id: number
}

/** Connections over which what others say is passed on. */
const GOSSIP_DEGREE = 4
/** How long a device tries to reach another one. */
const DIAL_MS_MAX = 10_000

export class MeshPort implements EpochNetwork {
  readonly self: PeerId
  readonly life: SimDevice
  readonly net: MeshNet
  readonly #connected = new Map<PeerId, MeshPort>()
  readonly #protocols = new Map<string, ProtocolInit>()
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #near = new Set<(peer: PeerId) => void>()
  readonly #links = new Set<MeshLink>()
  readonly #seen = new Set<number>()
  /** Until when what it has to send takes. */
  #busyMs = 0

  constructor(net: MeshNet, life: SimDevice) {
    this.net = net
    this.life = life
    this.self = life.peer
  }

  peers(): readonly ConnectedPeer[] {
    return this.connected().map((peer) => ({
      peer,
      address: '/memory',
      direction: 'outbound',
      sinceMs: 0,
      encryption: 'tls',
    }))
  }

  connected(): readonly PeerId[] {
    return [...this.#connected.keys()]
  }

  /** Calls back with each device that is connected from now on; returns how to stop. */
  onNear(listener: (peer: PeerId) => void): () => void {
    this.#near.add(listener)
    return () => this.#near.delete(listener)
  }

  handle(protocol: ProtocolInit): void {
    this.#protocols.set(protocol.id, protocol)
  }

  subscribe(topic: string, check: Subscription['check'], listener: Subscription['listener']): void {
    this.#subscriptions.set(topic, { check, listener })
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    this.spread({ from: this.self, topic, data })
  }

  /** Sends a message, of whoever made it, to some of those that are connected. */
  spread(said: Said, to: readonly PeerId[] = this.connected()): void {
    if (!this.life.alive) return
    const message = { id: this.net.nextMessage(), ...said }
    this.#seen.add(message.id)
    for (const [peer, other] of this.#connected) if (to.includes(peer)) this.#pass(message, other)
  }

  async open(peer: PeerId, protocol: string): Promise<Link> {
    const { promise, resolve, reject } = Promise.withResolvers<Link>()
    const fail = (): void => reject(new Error('not reached'))
    const there = this.#connected.get(peer)
    if (there === undefined) this.life.after(1, 'end', fail)
    else this.#call(there, protocol, { resolve, fail })
    return promise
  }

  /** When `ms` of sending from now on are done: one thing is sent after the other. */
  sent(ms: number): number {
    this.#busyMs = Math.max(this.#busyMs, this.net.clock.nowMs) + ms
    return this.#busyMs
  }

  /** A device is there. */
  meet(other: MeshPort): void {
    this.life.act(() => {
      if (this.#connected.get(other.self) === other) return
      this.#connected.set(other.self, other)
      for (const listener of this.#near) listener(other.self)
    })
  }

  /** A device is there no longer, as far as this one notices. */
  lose(other: MeshPort): void {
    if (this.#connected.get(other.self) === other) this.#connected.delete(other.self)
    for (const link of this.#links) if (link.far === other) link.end('reset')
  }

  /** Keeps a link until it is over. */
  hold(link: MeshLink): void {
    this.#links.add(link)
  }

  drop(link: MeshLink): void {
    this.#links.delete(link)
  }

  #call(
    there: MeshPort,
    protocol: string,
    { resolve, fail }: { readonly resolve: (link: Link) => void; readonly fail: () => void },
  ): void {
    const { net, life } = this
    const isLost = net.isCut(this.self, there.self) || net.isCut(there.self, this.self)
    if (isLost || !there.life.alive) return life.after(DIAL_MS_MAX, 'end', fail)
    there.life.after(net.wayMs(this, there.self, 0), 'arrival', () => {
      const served = there.#protocols.get(protocol)
      const mayServe =
        served !== undefined && there.#openBy(this.self, protocol) < served.linksPerPeerMax
      const backMs = net.wayMs(there, this.self, 0)
      if (!mayServe) return life.after(backMs, 'end', fail)
      const [near, far] = linkOf(this, there, protocol)
      served.accept(far)
      life.after(backMs, 'arrival', () => resolve(near))
    })
    // Whoever hangs there, or is gone meanwhile, is not waited for.
    life.after(DIAL_MS_MAX, 'end', fail)
  }

  #openBy(peer: PeerId, protocol: string): number {
    return [...this.#links].filter(
      (link) => link.isInbound && link.peer === peer && link.protocol === protocol,
    ).length
  }

  #pass(message: Gossiped, to: MeshPort): void {
    const { net } = this
    const copies = net.isCut(this.self, to.self) ? 0 : net.copies()
    for (let copy = 0; copy < copies; copy++) {
      const ms = net.wayMs(this, to.self, message.data.length)
      to.life.after(ms, 'arrival', () => {
        // The second copy comes when the first is long forgotten.
        if (!net.isCut(this.self, to.self)) to.#hear(message, this, copy > 0)
      })
    }
  }

  #hear(message: Gossiped, via: MeshPort, again: boolean): void {
    if (this.#seen.has(message.id) && !again) return
    this.#seen.add(message.id)
    const subscription = this.#subscriptions.get(message.topic)
    if (message.from === this.self || subscription?.check(message) !== 'accept') return
    subscription.listener(message)
    const others = [...this.#connected.values()].filter(
      (other) => other !== via && other.self !== message.from && !other.#seen.has(message.id),
    )
    for (const other of someOf(this.net.random, others, GOSSIP_DEGREE)) this.#pass(message, other)
  }
}
