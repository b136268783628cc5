/**
 * The network's part of the configuration, in the network's own terms.
 *
 * @module
 */

import type { Config } from '../config/index.ts'
import { DEFAULT_NETWORK_INIT, type NetworkInit } from './network/network-init.ts'

/** What the operator said, over what suits an ordinary device. */
export function networkInit({ network }: Config): NetworkInit {
  const address = network.listenHost.includes(':') ? 'ip6' : 'ip4'
  return {
    ...DEFAULT_NETWORK_INIT,
    listen: [
      `/${address}/${network.listenHost}/tcp/${network.tcpPort}`,
      `/${address}/${network.listenHost}/tcp/${network.webSocketPort}/ws`,
    ],
    bootstrap: network.bootstrap,
    mdns: network.mdns,
    limits: {
      ...DEFAULT_NETWORK_INIT.limits,
      connectionsMax: network.connectionsMax,
      connectionsPerSecondMax: network.connectionsPerSecondMax,
      pendingConnectionsMax: network.pendingConnectionsMax,
      openMsMax: network.dialTimeoutMs,
    },
  }
}
