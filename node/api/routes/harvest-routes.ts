/**
 * Routes about what this device lends.
 *
 * @module
 */

import { answers, type Route } from '../route.ts'
import {
  harvestAtQuery,
  harvestSchema,
  limitsQuery,
  limitsSchema,
  pastDecisionSchema,
  wishRequest,
} from '../schemas/harvest.ts'

export const harvestRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/harvest',
    summary: 'How much of this device is lent now, and why not more',
    status: 200,
    answer: harvestSchema,
    handle: ({ backend }) => backend.harvest(),
  }),
  answers({
    method: 'GET',
    path: '/v1/harvest/decisions',
    summary: 'What was lent at a moment of the last day, and why not more',
    query: harvestAtQuery,
    status: 200,
    answer: pastDecisionSchema,
    handle: ({ backend, query }) => backend.harvestAt(query),
  }),
  answers({
    method: 'POST',
    path: '/v1/harvest/wish',
    summary: 'Pause, finish, boost or resume lending, for a time or until resumed',
    body: wishRequest,
    status: 200,
    answer: harvestSchema,
    handle: ({ backend, body }) => backend.setHarvestWish(body),
  }),
  answers({
    method: 'GET',
    path: '/v1/harvest/limits',
    summary: 'The numbers that lending goes by, and what they would allow now',
    query: limitsQuery,
    status: 200,
    answer: limitsSchema,
    handle: ({ backend, query }) => backend.harvestLimits(query),
  }),
]
