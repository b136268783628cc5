/**
 * Connections of libp2p as the peers that the daemon sees.
 *
 * Peers are listed often, and nothing that is said of a connection changes while
 * it is open: it is described once.
 *
 * @module
 */

import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import type { ConnectedPeer } from './network.ts'

const described = new WeakMap<Connection, ConnectedPeer>()

/** Each peer once, in the order of `connections`. */
export function connectedPeers(connections: readonly Connection[]): readonly ConnectedPeer[] {
  const peers = new Map<PeerId, ConnectedPeer>()
  for (const connection of connections) {
    const connected = described.get(connection) ?? describe(connection)
    // Two that dial each other at once may have two connections for a while.
    if (connected !== undefined && !peers.has(connected.peer)) peers.set(connected.peer, connected)
  }
  return [...peers.values()]
}

/** `address` as the daemon writes it, without the peer that is there. */
export function textWithoutPeer(address: Multiaddr): string {
  return address.toString().replace(/\/p2p\/[^/]+$/, '')
}

function describe(connection: Connection): ConnectedPeer | undefined {
  const peer = asPeerId(connection.remotePeer.toString())
  if (peer === undefined) return undefined
  const connected: ConnectedPeer = {
    peer,
    address: textWithoutPeer(connection.remoteAddr),
    direction: connection.direction,
    sinceMs: connection.timeline.open,
    encryption: connection.encryption?.startsWith('/tls/') === true ? 'tls' : 'noise',
  }
  described.set(connection, connected)
  return connected
}
