/**
 * Every route of the API.
 *
 * @module
 */

import type { Route } from './route.ts'
import { attestationRoutes } from './routes/attestation-routes.ts'
import { auditRoutes } from './routes/audit-routes.ts'
import { deviceRoutes } from './routes/device-routes.ts'
import { harvestRoutes } from './routes/harvest-routes.ts'
import { jobRoutes } from './routes/job-routes.ts'
import { ledgerRoutes } from './routes/ledger-routes.ts'
import { meshRoutes } from './routes/mesh-routes.ts'
import { modelRoutes } from './routes/model-routes.ts'
import { openAiRoutes } from './routes/openai-routes.ts'
import { textRoutes } from './routes/text-routes.ts'
import { trustRoutes } from './routes/trust-routes.ts'

export const ROUTES: readonly Route[] = [
  ...deviceRoutes,
  ...meshRoutes,
  ...attestationRoutes,
  ...harvestRoutes,
  ...modelRoutes,
  ...jobRoutes,
  ...textRoutes,
  ...ledgerRoutes,
  ...auditRoutes,
  ...trustRoutes,
  ...openAiRoutes,
]

/** The page that describes {@link ROUTES}, which is served beside them. */
export const OPENAPI_PATH = '/v1/openapi.json'
