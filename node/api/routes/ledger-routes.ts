/**
 * Routes about the ledger of this device.
 *
 * @module
 */

import { answers, type Route } from '../route.ts'
import { ledgerSchema } from '../schemas/ledger.ts'

export const ledgerRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/ledger',
    summary: 'The head of the ledger, and what was earned and spent',
    status: 200,
    answer: ledgerSchema,
    handle: ({ backend }) => backend.ledger(),
  }),
]
