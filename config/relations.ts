/**
 * Rules between settings: each alone may be fine, and together they are wrong.
 *
 * @module
 */

import type { Config } from './sections.ts'

export interface Relation {
  readonly names: readonly string[]
  /** Why it matters, as the operator reads it. */
  readonly reason: string
  holds(config: Config): boolean
}

/** Every rule that a configuration must keep. */
export const RELATIONS: readonly Relation[] = [
  {
    names: ['presence.expiryMs', 'presence.heartbeatMs'],
    reason: 'a record must outlive three heartbeats, or one lost message makes a device vanish',
    holds: ({ presence }) => presence.expiryMs >= 3 * presence.heartbeatMs,
  },
  {
    names: ['api.host', 'api.allowRemote'],
    reason:
      'an address that other machines reach needs api.allowRemote = true, because keys are sent in clear text',
    holds: ({ api }) => api.allowRemote || loopback(api.host),
  },
  {
    names: ['network.tcpPort', 'network.webSocketPort'],
    reason: 'two listeners need two ports',
    holds: ({ network }) => network.tcpPort === 0 || network.tcpPort !== network.webSocketPort,
  },
  {
    names: ['api.port', 'network.tcpPort'],
    reason: 'two listeners need two ports',
    holds: ({ api, network }) => api.port === 0 || api.port !== network.tcpPort,
  },
  {
    names: ['api.port', 'network.webSocketPort'],
    reason: 'two listeners need two ports',
    holds: ({ api, network }) => api.port === 0 || api.port !== network.webSocketPort,
  },
  {
    names: ['network.pendingConnectionsMax', 'network.connectionsMax'],
    reason: 'connections that are not yet encrypted count as connections',
    holds: ({ network }) => network.pendingConnectionsMax <= network.connectionsMax,
  },
]

/** The first rule that `config` breaks. */
export function brokenRelation(config: Config): Relation | undefined {
  return RELATIONS.find((relation) => !relation.holds(config))
}

/** True for addresses that only this machine reaches (RFC 5735, section 3; RFC 4291, section 2.5.3). */
function loopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1'
}
