/**
 * Routes about work that was run again.
 *
 * @module
 */

import { answers, type Route } from '../route.ts'
import { auditListSchema } from '../schemas/audits.ts'

export const auditRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/audits',
    summary: 'Work of others that was run again, and how they fared',
    status: 200,
    answer: auditListSchema,
    handle: ({ backend }) => backend.audits(),
  }),
]
