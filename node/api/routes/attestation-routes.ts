/**
 * Routes about attestation.
 *
 * @module
 */

import { answers, type Route } from '../route.ts'
import { attestationListSchema, attestationSchema, attestRequest } from '../schemas/attestation.ts'

export const attestationRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/attestations',
    summary: 'What devices that were asked are taken for',
    status: 200,
    answer: attestationListSchema,
    handle: ({ backend }) => backend.attestations(),
  }),
  answers({
    method: 'POST',
    path: '/v1/attestations',
    summary: 'Ask a device for evidence of its hardware',
    body: attestRequest,
    status: 200,
    answer: attestationSchema,
    handle: ({ backend, body }) => backend.attest(body),
  }),
]
