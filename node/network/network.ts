/**
 * What the rest of the daemon sees of the network: peers by their id, and framed links to them.
 *
 * Only this folder knows libp2p. Everything that speaks a protocol is handed a
 * {@link Network} and could be handed another one.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Startable } from '../../core/lifecycle.ts'

/** Why a link is over: the other side ended it, it was reset or the connection died, or we ended it. */
export type LinkEnd = 'ended' | 'reset' | 'local'

export interface LinkListener {
  /**
   * One whole frame. The bytes belong to the listener. While a returned promise is
   * pending no further frame is read, and the sender is held back.
   */
  onFrame(frame: Uint8Array): void | Promise<void>
  /** Called exactly once, after the last frame. */
  onEnd(end: LinkEnd): void
}

/** A long-lived stream of length-prefixed frames to one peer. */
export interface Link {
  readonly peer: PeerId
  readonly open: boolean
  /** Bytes handed to `send` that the transport has not taken yet. */
  readonly bufferedBytes: number
  /**
   * Queues one frame, made of `chunks` one after another, which must not change afterwards.
   * Silently does nothing on a link that is over: its end has been told by `onEnd`.
   */
  send(...chunks: readonly Uint8Array[]): void
  /** Resolves once `bufferedBytes` is low enough to send more, or when the link is over. */
  drained(): Promise<void>
  /** Starts reading; called exactly once, at once after the link was opened or accepted. */
  receive(listener: LinkListener): void
  /** Sends what is queued, then ends both directions. */
  close(): Promise<void>
  /** Ends both directions now and drops what is queued. */
  abort(): void
}

/** A protocol that this device serves. */
export interface ProtocolInit {
  /** `/brume/<name>/<major>`. */
  readonly id: string
  /** Longest frame that is read, in bytes; a longer one resets the link. */
  readonly frameBytesMax: number
  /** Open inbound links of this protocol for each peer. */
  readonly linksPerPeerMax: number
  /** False only for /brume/join/1: open to peers that have shown no membership certificate. */
  readonly membersOnly: boolean
  accept(link: Link): void
}

export interface OpenOptions {
  readonly frameBytesMax: number
  /** Multiaddrs to try beside those that are known. */
  readonly addresses?: readonly string[]
  readonly signal?: AbortSignal
}

export interface ConnectedPeer {
  readonly peer: PeerId
  /** Remote multiaddr of the connection. */
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  /** Wall time of the connection, in ms since the epoch. */
  readonly sinceMs: number
  readonly encryption: 'tls' | 'noise'
}

/** Decides who is a member. The mesh gives it to the network when it starts. */
export interface MembershipGate {
  /**
   * Resolves to whether `peer` has shown a valid certificate of our mesh, after at most the
   * time that its handshake may take. Answers at once when it is known.
   */
  isMember(peer: PeerId): boolean | Promise<boolean>
}

export interface GossipMessage {
  readonly from: PeerId
  readonly data: Uint8Array
}

export interface Network extends Startable {
  readonly self: PeerId
  /** Multiaddrs that others may dial, without the peer id. */
  addresses(): readonly string[]
  /** Each connected peer once, strangers included. */
  peers(): readonly ConnectedPeer[]
  /** Before `start`. Without a gate everyone is a stranger. */
  useGate(gate: MembershipGate): void
  /**
   * Says that `peer`, to whom the gate said no before, is a member now: the DHT and gossip
   * take it up when it is connected. Needless, and harmless, for a peer on which the gate
   * had not answered yet.
   */
  memberAdmitted(peer: PeerId): void
  /** Before or after `start`. */
  handle(protocol: ProtocolInit): void
  /**
   * Opens a link, dialling when needed.
   *
   * @throws {NetworkError} `NETWORK_PEER_UNREACHABLE`, `NETWORK_PROTOCOL_REFUSED` or `NETWORK_TIMEOUT`.
   */
  open(peer: PeerId, protocol: string, options: OpenOptions): Promise<Link>
  /** Dials without opening a link. @throws {NetworkError} as `open`. */
  connect(peer: PeerId, addresses: readonly string[], signal?: AbortSignal): Promise<void>
  /** Closes every connection to `peer`. */
  disconnect(peer: PeerId): Promise<void>
  /** How long a few bytes take there and back, in ms. @throws {NetworkError} as `open`. */
  ping(peer: PeerId, signal?: AbortSignal): Promise<number>
  /** Calls back on the first connection to a peer and after the last is gone; returns how to stop. */
  onPeer(listener: (peer: PeerId, connected: boolean) => void): () => void

  /**
   * Stores a value under `/brume/<key>`. Resolves to the number of peers that took it: 0 when
   * there is nobody else, or when our own validator refuses it.
   */
  dhtPut(key: string, value: Uint8Array, signal: AbortSignal): Promise<number>
  /** The best value under `/brume/<key>` by the selector, or undefined. */
  dhtGet(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Says that this device provides `digest` (SHA-256, 32 bytes). */
  dhtProvide(digest: Uint8Array, signal: AbortSignal): Promise<void>
  dhtUnprovide(digest: Uint8Array): Promise<void>
  /** Devices that provide `digest`, as they are found. */
  dhtProviders(digest: Uint8Array, signal: AbortSignal): AsyncIterable<PeerId>
  /**
   * How values under `/brume/` are checked before they are stored for others or returned to us, and
   * which of several is best (its index). Before `start`.
   */
  useValidator(validator: {
    check(key: string, value: Uint8Array, use: 'store' | 'read'): boolean
    best(key: string, values: readonly Uint8Array[]): number
  }): void

  /** Publishes on a gossip topic; drops silently when no peer is subscribed. */
  publish(topic: string, data: Uint8Array): Promise<void>
  /** Before `start`. `check` decides whether a message is passed on to others. */
  subscribe(
    topic: string,
    check: (message: GossipMessage) => 'accept' | 'ignore' | 'reject',
    listener: (message: GossipMessage) => void,
  ): void
}
