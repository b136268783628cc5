/**
 * The settings with which libp2p runs here, each with its reason.
 *
 * @module
 */

import { yamux } from '@chainsafe/libp2p-yamux'
import type { GossipSub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { ServiceMap } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { type Libp2p, createLibp2p } from 'libp2p'
import type { Admission } from './admission.ts'
import { type DhtRules, dhtService } from './dht.ts'
import { multicast } from './discovery.ts'
import { fastTls } from './fast-tls.ts'
import type { Gossip } from './gossip.ts'
import { keyOf } from './host-key.ts'
import { lazyNoise } from './lazy-noise.ts'
import type { NetworkInit } from './network-init.ts'

export interface HostServices extends ServiceMap {
  readonly identify: Identify
  readonly ping: Ping
  readonly dht: KadDHT
  readonly pubsub: GossipSub
}

export type Host = Libp2p<HostServices>

export interface HostComponents {
  readonly seed: Uint8Array
  readonly admission: Admission
  readonly dhtRules: DhtRules
  readonly gossip: Gossip
}

const MIB = 1024 * 1024
const MINUTE_MS = 60_000

/** A host that is gone is noticed ten probes, one a second, after this silence. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 15_000 }

/** Largest window of a yamux stream: what may arrive after the reader paused. */
const STREAM_WINDOW_BYTES = 16 * MIB

/** A libp2p host that is not started yet. */
export async function createHost(components: HostComponents, init: NetworkInit): Promise<Host> {
  const { limits } = init
  const { admission } = components
  return createLibp2p<HostServices>({
    start: false,
    privateKey: keyOf(components.seed),
    addresses: { listen: [...init.listen], appendAnnounce: [...init.announce] },
    transports: [tcp({ dialOpts: KEEP_ALIVE, listenOpts: KEEP_ALIVE }), webSockets()],
    // In order of preference: browsers have no TLS.
    connectionEncrypters: [fastTls(), lazyNoise()],
    streamMuxers: [
      yamux({
        // Silent sockets are closed after two minutes.
        keepAliveInterval: MINUTE_MS,
        maxInboundStreams: limits.streamsPerConnectionMax,
        maxOutboundStreams: limits.streamsPerConnectionMax,
        streamOptions: {
          maxStreamWindowSize: STREAM_WINDOW_BYTES,
          // More than a window: else a paused stream is reset by what may rightly arrive.
          maxReadBufferLength: STREAM_WINDOW_BYTES + 4 * MIB,
          maxWriteBufferLength: limits.linkWriteBytesMax + 4 * MIB,
        },
      }),
    ],
    connectionManager: {
      maxConnections: limits.connectionsMax,
      inboundConnectionThreshold: limits.connectionsPerSecondMax,
      maxIncomingPendingConnections: limits.pendingConnectionsMax,
      dialTimeout: limits.openMsMax,
    },
    // For processes that hang, which presence notices sooner: links have signs of life of their own,
    // and the kernel notices hosts that are gone. Each ping is a stream, the largest part of what
    // an idle device does. One slow answer is no reason to drop a device: by default five seconds are.
    connectionMonitor: {
      pingInterval: 5 * MINUTE_MS,
      pingTimeout: { minTimeout: 30_000 },
    },
    // libp2p refuses to dial private addresses in places; a mesh lives on them.
    connectionGater: { denyDialMultiaddr: () => false },
    // At least as long as provider records live, which carry no addresses.
    peerStore: { maxAddressAge: 180 * MINUTE_MS, maxPeerAge: 1440 * MINUTE_MS },
    services: {
      identify: identify({ protocolPrefix: 'ipfs' }),
      ping: ping(),
      dht: dhtService(init.dht, components.dhtRules, admission),
      pubsub: components.gossip.service(admission),
    },
    peerDiscovery: init.mdns ? [multicast(init.mdnsServiceTag)] : [],
  })
}
