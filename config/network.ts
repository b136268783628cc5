/**
 * How this device is reached by other devices, and how many of them it bears.
 *
 * The limits are low because home routers, not daemons, break first under many connections.
 *
 * @module
 */

import { z } from 'zod'

export const networkSection = z.strictObject({
  listenHost: z
    .union([z.ipv4(), z.ipv6()])
    .default('0.0.0.0')
    .describe('address that other devices reach; 127.0.0.1 keeps the mesh on this machine'),
  tcpPort: z.int().min(0).max(65_535).default(7_434).describe('TCP port; 0 takes any free one'),
  webSocketPort: z
    .int()
    .min(0)
    .max(65_535)
    .default(7_435)
    .describe('port for peers that speak WebSocket; 0 takes any free one'),
  mdns: z.boolean().default(true).describe('find devices on the local network by multicast DNS'),
  bootstrap: z
    .array(
      z.string().min(1).max(512).startsWith('/', 'expected a multiaddr').describe('multiaddrs'),
    )
    .max(32)
    .default([])
    .describe('multiaddrs of devices to dial at the start, each with its peer id'),
  connectionsMax: z.int().min(4).max(2_000).default(100).describe('open connections, all peers'),
  connectionsPerSecondMax: z
    .int()
    .min(1)
    .max(2_000)
    .default(32)
    .describe('connections that one remote address may open within a second'),
  pendingConnectionsMax: z
    .int()
    .min(1)
    .max(200)
    .default(64)
    .describe('inbound connections that are not yet encrypted'),
  dialTimeoutMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe('time for one dial, encryption included'),
})

/** Settings under `network`. */
export type NetworkConfig = Readonly<z.infer<typeof networkSection>>
