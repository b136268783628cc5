/**
 * Routes about this device and its peers.
 *
 * @module
 */

import { answers, type Route } from '../route.ts'
import { deviceQuery, deviceSchema } from '../schemas/device.ts'
import { peerListSchema, peersQuery } from '../schemas/peers.ts'
import { statusSchema } from '../schemas/status.ts'

export const deviceRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/status',
    summary: 'What this daemon is and does right now',
    status: 200,
    answer: statusSchema,
    handle: ({ backend }) => backend.status(),
  }),
  answers({
    method: 'GET',
    path: '/v1/device',
    summary: 'What this machine has and how fast it is',
    query: deviceQuery,
    status: 200,
    answer: deviceSchema,
    handle: ({ backend, query }) => backend.device(query),
  }),
  answers({
    method: 'GET',
    path: '/v1/peers',
    summary: 'The devices of the mesh, or those of one capability class, best first',
    query: peersQuery,
    status: 200,
    answer: peerListSchema,
    handle: ({ backend, query }) => backend.peers(query),
  }),
]
