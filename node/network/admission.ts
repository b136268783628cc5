/**
 * Keeps strangers to the few protocols that are open to them.
 *
 * Our own protocols are guarded by {@link Admission.guard}. The DHT and gossip come
 * from libp2p and know nothing of members: they are built on a {@link Admission.memberView}
 * of libp2p, in which peers exist from the moment they are members.
 *
 * @module
 */

import type { GossipSubComponents } from '@libp2p/gossipsub'
import type { Connection, PeerId, Stream, StreamHandler, Topology } from '@libp2p/interface'
import type { PeerId as PeerText } from '../../core/ids.ts'
import { overlay } from './overlay.ts'
import type { MembershipGate } from './network.ts'
import { spareWindowUpdates } from './window-updates.ts'

/** How often strangers were turned away, since the start. */
export interface AdmissionCounters {
  /** Streams of strangers that were reset. */
  readonly streamsRefused: number
  /** Streams that were reset because too many waited for the gate's answer. */
  readonly streamsOverflowed: number
  /** Streams that we did not open because the other side is a stranger. */
  readonly streamsWithheld: number
}

/** What libp2p hands to a service, as far as members are concerned. */
type GuardedComponents = Pick<GossipSubComponents, 'registrar' | 'connectionManager'>
type Registrar = GuardedComponents['registrar']
type ConnectionManager = GuardedComponents['connectionManager']

interface PingService {
  ping(peer: PeerId, options?: object): Promise<number>
}

/** A peer that a topology will hear of once it is a member. */
interface Waiting {
  readonly peer: PeerId
  readonly connection: Connection
}

export class Admission {
  readonly #heldStreamsPerPeerMax: number
  #gate: MembershipGate | undefined
  readonly #held = new Map<string, number>()
  /** Which peers each topology waits for; a peer leaves when its last connection is gone. */
  readonly #topologies = new Map<Topology, Map<string, Waiting>>()
  readonly #counters = { streamsRefused: 0, streamsOverflowed: 0, streamsWithheld: 0 }

  constructor(init: { readonly heldStreamsPerPeerMax: number }) {
    this.#heldStreamsPerPeerMax = init.heldStreamsPerPeerMax
  }

  get counters(): AdmissionCounters {
    return { ...this.#counters }
  }

  useGate(gate: MembershipGate): void {
    this.#gate = gate
  }

  /** Whether `peer` is a member; without a gate nobody is. */
  isMember(peer: PeerId | PeerText): boolean | Promise<boolean> {
    return this.#gate?.isMember(peer.toString() as PeerText) ?? false
  }

  /** Tells the DHT and gossip of a peer that was a stranger when it connected. */
  memberAdmitted(peer: string): void {
    for (const [topology, waiting] of this.#topologies) {
      const entry = waiting.get(peer)
      if (entry === undefined) continue
      waiting.delete(peer)
      if (entry.connection.status === 'open')
        void topology.onConnect?.(entry.peer, entry.connection)
    }
  }

  /** Forgets a peer whose last connection is gone. */
  forget(peer: string): void {
    for (const waiting of this.#topologies.values()) waiting.delete(peer)
  }

  /** `handler` for members only. While the gate's answer is pending the stream is held. */
  guard(handler: StreamHandler): StreamHandler {
    return async (stream, connection) => {
      const answer = this.isMember(connection.remotePeer)
      const admitted =
        typeof answer === 'boolean' ? answer : await this.#hold(stream, connection, answer)
      if (admitted === undefined || stream.status !== 'open') return
      if (admitted) {
        await handler(stream, connection)
        return
      }
      this.#counters.streamsRefused++
      stream.abort(new Error('the peer is no member'))
    }
  }

  /** Whether a stream to `peer` may be opened: waits for the gate. */
  async mayOpen(peer: PeerId | PeerText, signal?: AbortSignal): Promise<boolean> {
    const admitted = await untilAborted(this.isMember(peer), signal)
    if (!admitted) this.#counters.streamsWithheld++
    return admitted
  }

  /** `components` as a service sees them that shall know of members only. */
  memberView<Components extends GuardedComponents>(components: Components): Components {
    return overlay(components, {
      registrar: () => this.#registrarOf(components.registrar),
      connectionManager: () => this.#connectionsOf(components.connectionManager),
      ping: () => this.#pingOf(components as unknown as { readonly ping: PingService }),
    })
  }

  async #hold(
    stream: Stream,
    connection: Connection,
    answer: Promise<boolean>,
  ): Promise<boolean | undefined> {
    const peer = connection.remotePeer.toString()
    const held = this.#held.get(peer) ?? 0
    if (held >= this.#heldStreamsPerPeerMax) {
      this.#counters.streamsOverflowed++
      stream.abort(new Error('too many streams wait for admission'))
      return undefined
    }
    this.#held.set(peer, held + 1)
    // Paused, so that a stranger can make us buffer no more than one window.
    stream.pause()
    const admitted = await answer.catch(() => false)
    const left = (this.#held.get(peer) ?? 1) - 1
    if (left > 0) this.#held.set(peer, left)
    else this.#held.delete(peer)
    if (admitted && stream.readStatus === 'paused') stream.resume()
    return admitted
  }

  #registrarOf(registrar: Registrar): Registrar {
    return overlay(registrar, {
      handle: () => async (protocol: string, handler: StreamHandler, options?: object) =>
        registrar.handle(protocol, this.guard(spared(handler)), options),
      register: () => async (protocol: string, topology: Topology) =>
        registrar.register(protocol, this.#topologyOf(topology)),
    })
  }

  #connectionsOf(manager: ConnectionManager): ConnectionManager {
    const openStream: ConnectionManager['openStream'] = async (peer, protocol, options) => {
      const connection = await manager.openConnection(peer, options)
      if (await this.mayOpen(connection.remotePeer, options?.signal)) {
        return connection.newStream(protocol, options)
      }
      throw new Error('the peer is no member')
    }
    return overlay(manager, { openStream: () => openStream })
  }

  /** The DHT pings a peer before it enters the routing table: strangers do not answer. */
  #pingOf(components: { readonly ping: PingService }): PingService {
    return {
      ping: async (peer, options) => {
        const rttMs = await components.ping.ping(peer, options)
        if (await this.mayOpen(peer)) return rttMs
        throw new Error('the peer is no member')
      },
    }
  }

  #topologyOf(topology: Topology): Topology {
    const known = this.#topologies.get(topology) ?? new Map<string, Waiting>()
    this.#topologies.set(topology, known)
    return overlay(topology, {
      onConnect: () => async (peer: PeerId, connection: Connection) => {
        known.set(peer.toString(), { peer, connection })
        const answer = this.isMember(peer)
        const settle = (member: boolean): void => {
          if (member) this.memberAdmitted(peer.toString())
        }
        if (typeof answer === 'boolean') settle(answer)
        // Not awaited: libp2p tells the next topology only when this one is done.
        else void answer.then(settle, () => undefined)
      },
      onDisconnect: () => async (peer: PeerId) => {
        known.delete(peer.toString())
        await topology.onDisconnect?.(peer)
      },
    })
  }
}

/** `handler` for streams that answer no message with a frame of their own. */
function spared(handler: StreamHandler): StreamHandler {
  return (stream, connection) => {
    spareWindowUpdates(stream)
    return handler(stream, connection)
  }
}

/** The value of `pending`. @throws {unknown} the signal's reason when it aborts first. */
async function untilAborted<T>(pending: T | Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined || !(pending instanceof Promise)) return pending
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([pending, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
