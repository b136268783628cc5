/**
 * The {@link Network} on libp2p.
 *
 * @module
 */

import type { Connection, PeerId as LibPeerId, StreamHandler } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../core/clock.ts'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Logger } from '../../core/logger.ts'
import { Admission, type AdmissionCounters } from './admission.ts'
import { connectedPeers, textWithoutPeer } from './connected-peers.ts'
import { Dht, DhtRules } from './dht.ts'
import { Discovery } from './discovery.ts'
import { NetworkError } from './errors.ts'
import { Gossip } from './gossip.ts'
import { type Host, createHost } from './host.ts'
import { peerIdOfSeed } from './host-key.ts'
import { FramedLink } from './link.ts'
import type {
  ConnectedPeer,
  Link,
  MembershipGate,
  Network,
  OpenOptions,
  ProtocolInit,
} from './network.ts'
import type { NetworkInit } from './network-init.ts'
import { Strangers } from './strangers.ts'

export interface NetworkComponents {
  readonly logger: Logger
  readonly clock: Clock
  /** Seed of this device's Ed25519 key, 32 bytes. */
  readonly seed: Uint8Array
}

/** What the network counts, for metrics. */
export interface NetworkCounters extends AdmissionCounters {
  /** Connections of strangers that were closed because they stayed too long or were too many. */
  readonly strangersClosed: number
  /** Bytes of frames that were sent and received on links. */
  readonly linkBytes: number
}

/** A network that also counts. */
export interface CountingNetwork extends Network {
  readonly counters: NetworkCounters
}

/** A network that is not started yet. */
export function createNetwork(components: NetworkComponents, init: NetworkInit): CountingNetwork {
  return new Libp2pNetwork(components, init)
}

/** As libp2p names it in its specification, for errors. */
const PING_PROTOCOL = '/ipfs/ping/1.0.0'

type OnPeer = Parameters<Network['onPeer']>[0]

class Libp2pNetwork implements CountingNetwork {
  readonly self: PeerId
  readonly #components: NetworkComponents
  readonly #init: NetworkInit
  readonly #log: Logger
  readonly #admission: Admission
  readonly #dhtRules: DhtRules
  readonly #gossip: Gossip
  readonly #protocols = new Map<string, ProtocolInit>()
  readonly #peerListeners = new Set<OnPeer>()
  #linkBytes = 0
  #host: Host | undefined
  #dht: Dht | undefined
  #discovery: Discovery | undefined
  #strangers: Strangers | undefined

  constructor(components: NetworkComponents, init: NetworkInit) {
    this.self = peerIdOfSeed(components.seed)
    this.#components = components
    this.#init = init
    this.#log = components.logger.child('network')
    this.#admission = new Admission(init.limits)
    this.#dhtRules = new DhtRules(init.dht)
    this.#gossip = new Gossip(init.gossip)
  }

  get counters(): NetworkCounters {
    return {
      ...this.#admission.counters,
      strangersClosed: this.#strangers?.closed ?? 0,
      linkBytes: this.#linkBytes,
    }
  }

  async start(signal: AbortSignal): Promise<void> {
    invariant(this.#host === undefined, 'a network is started once')
    signal.throwIfAborted()
    const { clock, seed } = this.#components
    for (const address of [...this.#init.listen, ...this.#init.announce, ...this.#init.bootstrap]) {
      parse(address)
    }
    const host = await createHost(
      { seed, admission: this.#admission, dhtRules: this.#dhtRules, gossip: this.#gossip },
      this.#init,
    )
    this.#host = host
    for (const protocol of this.#protocols.values()) await this.#serve(host, protocol)
    host.addEventListener('peer:connect', this.#onConnect)
    host.addEventListener('peer:disconnect', this.#onDisconnect)
    try {
      await host.start()
    } catch (cause) {
      await host.stop()
      throw listenError(this.#init.listen, cause)
    }
    if (signal.aborted) {
      await host.stop()
      throw signal.reason
    }
    this.#gossip.start(host.services.pubsub)
    this.#dht = new Dht({
      kad: host.services.dht,
      rules: this.#dhtRules,
      clock,
      self: host.peerId.toMultihash().bytes,
      membersConnected: () => this.#membersConnected(),
    })
    this.#dht.start()
    this.#strangers = new Strangers(
      { host, clock, admission: this.#admission, openTo: () => this.#openProtocols() },
      this.#init.limits,
    )
    this.#strangers.start()
    this.#discovery = new Discovery(
      {
        host,
        clock,
        log: this.#log,
        isMember: (peer) => this.#admission.isMember(peer) === true,
      },
      {
        bootstrap: this.#init.bootstrap,
        peersMax: this.#init.discoveryPeersMax,
        dialMsMax: this.#init.limits.openMsMax,
      },
    )
    this.#discovery.start()
    this.#log.info('network.started', { peer: this.self, addresses: this.addresses() })
  }

  async stop(): Promise<void> {
    await this.#discovery?.stop()
    await this.#strangers?.stop()
    await this.#dht?.stop()
    await this.#host?.stop()
  }

  addresses(): readonly string[] {
    return this.#running.getMultiaddrs().map((address) => textWithoutPeer(address))
  }

  peers(): readonly ConnectedPeer[] {
    return connectedPeers(this.#running.getConnections())
  }

  useGate(gate: MembershipGate): void {
    this.#admission.useGate(gate)
  }

  memberAdmitted(peer: PeerId): void {
    this.#admission.memberAdmitted(peer)
  }

  handle(protocol: ProtocolInit): void {
    invariant(!this.#protocols.has(protocol.id), 'a protocol is handled once')
    this.#protocols.set(protocol.id, protocol)
    if (this.#host !== undefined) void this.#serve(this.#host, protocol)
  }

  async open(peer: PeerId, protocol: string, options: OpenOptions): Promise<Link> {
    const signal = this.#deadline(options.signal)
    try {
      const connection = await this.#connection(peer, options.addresses ?? [], signal)
      if (this.#protocols.get(protocol)?.membersOnly ?? true) {
        await this.#mustBeMember(peer, protocol, signal)
      }
      const stream = await connection.newStream(protocol, {
        signal,
        maxOutboundStreams: this.#init.limits.streamsPerConnectionMax,
      })
      // The other side may have reset it before anyone could listen.
      if (stream.status !== 'open') throw refused(peer, protocol, 'closed')
      return new FramedLink(stream, this.#log, this.#linkInit(peer, options.frameBytesMax))
    } catch (error) {
      throw this.#explain(error, { peer, protocol, signal, asked: options.signal })
    }
  }

  async connect(peer: PeerId, addresses: readonly string[], asked?: AbortSignal): Promise<void> {
    const signal = this.#deadline(asked)
    try {
      await this.#connection(peer, addresses, signal)
    } catch (error) {
      throw this.#explain(error, { peer, signal, asked })
    }
  }

  async disconnect(peer: PeerId): Promise<void> {
    await this.#running.hangUp(peerIdFromString(peer))
  }

  async ping(peer: PeerId, asked?: AbortSignal): Promise<number> {
    const signal = this.#deadline(asked)
    try {
      await this.#mustBeMember(peer, PING_PROTOCOL, signal)
      return await this.#running.services.ping.ping(peerIdFromString(peer), { signal })
    } catch (error) {
      throw this.#explain(error, { peer, protocol: PING_PROTOCOL, signal, asked })
    }
  }

  onPeer(listener: OnPeer): () => void {
    this.#peerListeners.add(listener)
    return () => this.#peerListeners.delete(listener)
  }

  dhtPut(key: string, value: Uint8Array, signal: AbortSignal): Promise<number> {
    return this.#table.put(key, value, signal)
  }

  dhtGet(key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#table.get(key, signal)
  }

  dhtProvide(digest: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#table.provide(digest, signal)
  }

  dhtUnprovide(digest: Uint8Array): Promise<void> {
    return this.#table.unprovide(digest)
  }

  dhtProviders(digest: Uint8Array, signal: AbortSignal): AsyncIterable<PeerId> {
    return this.#table.providers(digest, signal)
  }

  useValidator(validator: Parameters<Network['useValidator']>[0]): void {
    this.#dhtRules.use(validator)
  }

  publish(topic: string, data: Uint8Array): Promise<void> {
    return this.#gossip.publish(topic, data)
  }

  subscribe(...[topic, check, listener]: Parameters<Network['subscribe']>): void {
    this.#gossip.subscribe(topic, check, listener)
  }

  get #running(): Host {
    invariant(this.#host !== undefined, 'the network is started before it is used')
    return this.#host
  }

  get #table(): Dht {
    invariant(this.#dht !== undefined, 'the network is started before it is used')
    return this.#dht
  }

  readonly #onConnect = (event: CustomEvent<LibPeerId>): void => this.#tellPeer(event.detail, true)

  readonly #onDisconnect = (event: CustomEvent<LibPeerId>): void => {
    this.#admission.forget(event.detail.toString())
    this.#tellPeer(event.detail, false)
  }

  #tellPeer(id: LibPeerId, connected: boolean): void {
    const peer = asPeerId(id.toString())
    if (peer === undefined) return
    for (const listener of this.#peerListeners) listener(peer, connected)
  }

  #membersConnected(): boolean {
    return this.#running.getPeers().some((peer) => this.#admission.isMember(peer) === true)
  }

  /** Ids of the protocols that strangers may speak. */
  #openProtocols(): readonly string[] {
    return [...this.#protocols.values()].filter((p) => !p.membersOnly).map((p) => p.id)
  }

  async #serve(host: Host, protocol: ProtocolInit): Promise<void> {
    const accept: StreamHandler = (stream, connection) => {
      const peer = asPeerId(connection.remotePeer.toString())
      if (
        peer === undefined ||
        linksOf(host, connection.remotePeer, protocol) > protocol.linksPerPeerMax
      ) {
        stream.abort(new Error('the peer has too many links'))
        return
      }
      protocol.accept(
        new FramedLink(stream, this.#log, this.#linkInit(peer, protocol.frameBytesMax)),
      )
    }
    await host.handle(protocol.id, protocol.membersOnly ? this.#admission.guard(accept) : accept, {
      // One more than allowed: so that it is our own count, over all connections, that refuses.
      maxInboundStreams: protocol.linksPerPeerMax + 1,
      maxOutboundStreams: this.#init.limits.streamsPerConnectionMax,
    })
  }

  #linkInit(peer: PeerId, frameBytesMax: number): ConstructorParameters<typeof FramedLink>[2] {
    const { linkBufferBytesMax, linkWriteBytesMax, closeMsMax } = this.#init.limits
    return {
      peer,
      frameBytesMax,
      bufferBytesMax: linkBufferBytesMax,
      writeBytesMax: linkWriteBytesMax,
      closeMsMax,
      onTraffic: (bytes) => {
        this.#linkBytes += bytes
      },
    }
  }

  #deadline(asked: AbortSignal | undefined): AbortSignal {
    asked?.throwIfAborted()
    const timeout = AbortSignal.timeout(this.#init.limits.openMsMax)
    return asked === undefined ? timeout : AbortSignal.any([asked, timeout])
  }

  async #connection(
    peer: PeerId,
    addresses: readonly string[],
    signal: AbortSignal,
  ): Promise<Connection> {
    const host = this.#running
    const id = peerIdFromString(peer)
    const connected = host.getConnections(id).find(({ status }) => status === 'open')
    if (connected !== undefined) return connected
    const given = addresses.map((address) => withPeer(address, peer))
    if (given.length > 0) await host.peerStore.merge(id, { multiaddrs: given })
    return host.dial(id, { signal })
  }

  async #mustBeMember(peer: PeerId, protocol: string, signal: AbortSignal): Promise<void> {
    const member = await this.#admission.mayOpen(peer, signal)
    if (!member) throw refused(peer, protocol, 'not-a-member')
  }

  /** Our error for whatever libp2p threw. A cancellation by the caller stays one. */
  #explain(
    cause: unknown,
    about: {
      readonly peer: PeerId
      readonly protocol?: string
      readonly signal: AbortSignal
      readonly asked: AbortSignal | undefined
    },
  ): unknown {
    const { peer, protocol, signal, asked } = about
    if (cause instanceof NetworkError) return cause
    if (asked?.aborted === true && !isTimeout(asked.reason)) return asked.reason
    if (signal.aborted) return new NetworkError({ code: 'NETWORK_TIMEOUT', peer }, { cause })
    const connected = this.#running.getConnections(peerIdFromString(peer)).length > 0
    if (protocol === undefined || !connected) {
      return new NetworkError({ code: 'NETWORK_PEER_UNREACHABLE', peer }, { cause })
    }
    const spoken = !(cause instanceof Error && cause.name === 'UnsupportedProtocolError')
    return refused(peer, protocol, spoken ? 'closed' : 'not-spoken', cause)
  }
}

function refused(
  peer: PeerId,
  protocol: string,
  reason: 'not-a-member' | 'not-spoken' | 'closed',
  cause?: unknown,
): NetworkError {
  return new NetworkError({ code: 'NETWORK_PROTOCOL_REFUSED', peer, protocol, reason }, { cause })
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

/** Inbound streams of `protocol` that `peer` has open, on all of its connections. */
function linksOf(host: Host, peer: LibPeerId, protocol: ProtocolInit): number {
  const streams = host.getConnections(peer).flatMap((connection) => connection.streams)
  return streams.filter((s) => s.direction === 'inbound' && s.protocol === protocol.id).length
}

function withPeer(address: string, peer: PeerId): Multiaddr {
  return parse(address.includes('/p2p/') ? address : `${address}/p2p/${peer}`)
}

/** @throws {NetworkError} `NETWORK_ADDRESS_INVALID` when `address` is no multiaddr. */
function parse(address: string): Multiaddr {
  try {
    return multiaddr(address)
  } catch (cause) {
    throw new NetworkError({ code: 'NETWORK_ADDRESS_INVALID', address }, { cause })
  }
}

/** libp2p says which addresses failed, and why, only in the text of its error. */
function listenError(listen: readonly string[], cause: unknown): NetworkError {
  const text = cause instanceof Error ? cause.message : ''
  const failed = listen.filter((address) => text.includes(`${address}: `))
  const reason = text.includes('EADDRINUSE') ? 'port-taken' : 'not-possible'
  const addresses = failed.length > 0 ? failed : listen
  return new NetworkError({ code: 'NETWORK_LISTEN_FAILED', addresses, reason }, { cause })
}
