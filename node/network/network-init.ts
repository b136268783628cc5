/**
 * What the network is told: addresses, limits and times. The composer takes them from the configuration.
 *
 * @module
 */

export interface NetworkLimits {
  /** Connections in all; more are refused. */
  readonly connectionsMax: number
  /** Inbound connections that have not finished their handshake. */
  readonly pendingConnectionsMax: number
  /** New inbound connections a second from one address. */
  readonly connectionsPerSecondMax: number
  /** Inbound connections of peers that are no members, at a time; of more, the oldest is closed. */
  readonly strangersMax: number
  /** Time that a peer may stay connected without becoming a member, in ms. */
  readonly strangerMsMax: number
  /** Streams in each direction on one connection, of all protocols. */
  readonly streamsPerConnectionMax: number
  /** Streams of one peer that wait while the gate makes up its mind. */
  readonly heldStreamsPerPeerMax: number
  /** Bytes that wait in a link in each direction before it holds the sender back. */
  readonly linkBufferBytesMax: number
  /** Bytes that may wait to be sent on one link; beyond, the link is reset. */
  readonly linkWriteBytesMax: number
  /** Time for dialling a peer and agreeing on a protocol, in ms. */
  readonly openMsMax: number
  /** Time that the other side has to end its half of a link, in ms. */
  readonly closeMsMax: number
}

export interface DhtInit {
  /** `k` of Kademlia: size of a bucket and number of peers that store a record. */
  readonly bucketSize: number
  /** `alpha` of Kademlia: queries in flight. */
  readonly alpha: number
  /** Longest value, in bytes. */
  readonly valueBytesMax: number
  /** Values and provider records that are kept for others. */
  readonly recordsMax: number
  /** Life of a provider record, in ms; equal in the whole mesh. */
  readonly provideMs: number
}

export interface GossipInit {
  /** Peers that a message is passed to at once: `D`, `Dlo` and `Dhi` of gossipsub. */
  readonly degree: number
  readonly degreeMin: number
  readonly degreeMax: number
  /** Peers that are told what there was, now and then: `Dlazy`. */
  readonly degreeLazy: number
  /** Longest message, in bytes. */
  readonly messageBytesMax: number
}

export interface NetworkInit {
  /** Multiaddrs to listen on: TCP, or WebSocket with `/ws`. */
  readonly listen: readonly string[]
  /** Multiaddrs that others are told beside those listened on. */
  readonly announce: readonly string[]
  /** Multiaddrs with `/p2p/<PeerId>` that are dialled until one is connected. */
  readonly bootstrap: readonly string[]
  /** Finds peers of the local network by multicast. */
  readonly mdns: boolean
  /** Name that peers look for by multicast, `_<word>._udp.local`. */
  readonly mdnsServiceTag: string
  /** Peers that were discovered are dialled while fewer are connected. */
  readonly discoveryPeersMax: number
  readonly limits: NetworkLimits
  readonly dht: DhtInit
  readonly gossip: GossipInit
}

const KIB = 1024
const MIB = 1024 * KIB
const MINUTE_MS = 60_000

/** A device on an ordinary home network. */
export const DEFAULT_NETWORK_INIT: NetworkInit = {
  listen: ['/ip4/0.0.0.0/tcp/0'],
  announce: [],
  bootstrap: [],
  mdns: false,
  mdnsServiceTag: '_brume._udp.local',
  discoveryPeersMax: 32,
  limits: {
    connectionsMax: 200,
    pendingConnectionsMax: 64,
    connectionsPerSecondMax: 50,
    strangersMax: 32,
    strangerMsMax: MINUTE_MS,
    streamsPerConnectionMax: 256,
    heldStreamsPerPeerMax: 16,
    linkBufferBytesMax: MIB,
    linkWriteBytesMax: 256 * MIB,
    openMsMax: 15_000,
    closeMsMax: 5000,
  },
  dht: {
    bucketSize: 8,
    alpha: 3,
    valueBytesMax: 4 * KIB,
    recordsMax: 16_384,
    provideMs: 30 * MINUTE_MS,
  },
  gossip: { degree: 3, degreeMin: 2, degreeMax: 4, degreeLazy: 2, messageBytesMax: 64 * KIB },
}
