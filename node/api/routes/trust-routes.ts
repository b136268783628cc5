/**
 * Routes about scores and how they are agreed on.
 *
 * @module
 */

import { answers, type Route } from '../route.ts'
import {
  trustExplanationSchema,
  trustHeadersQuery,
  trustHeadersSchema,
  trustOwnerRequest,
  trustOwnerSchema,
  trustParametersRequest,
  trustParametersSchema,
  trustPeerParams,
  trustProofSchema,
  trustRestartRequest,
  trustSchema,
} from '../schemas/trust.ts'

export const trustRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/trust',
    summary: 'The last certified epoch: who decides, all scores, and what is wrong here',
    status: 200,
    answer: trustSchema,
    handle: ({ backend }) => backend.trust(),
  }),
  answers({
    method: 'GET',
    path: '/v1/trust/parameters',
    summary: 'What the mesh has agreed on about its epochs, and what seats want to change',
    status: 200,
    answer: trustParametersSchema,
    handle: ({ backend }) => backend.trustParameters(),
  }),
  answers({
    method: 'POST',
    path: '/v1/trust/parameters',
    summary:
      'Say that the seat of this device wants other parameters: they change once a quorum does',
    status: 200,
    body: trustParametersRequest,
    answer: trustParametersSchema,
    handle: ({ backend, body }) => backend.wantTrustParameters(body),
  }),
  answers({
    method: 'GET',
    path: '/v1/trust/owner',
    summary: 'To whose domain this device belongs, and which devices are in it',
    status: 200,
    answer: trustOwnerSchema,
    handle: ({ backend }) => backend.trustOwner(),
  }),
  answers({
    method: 'POST',
    path: '/v1/trust/owner',
    summary:
      'Say whose this device is, or that another is its own: both have to, and either ends it',
    status: 200,
    body: trustOwnerRequest,
    answer: trustOwnerSchema,
    handle: ({ backend, body }) => backend.changeTrustOwner(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/trust/restart',
    summary:
      'Begin a mesh again that stands still: the founder decides alone until others have seats',
    body: trustRestartRequest,
    status: 200,
    answer: trustSchema,
    handle: ({ backend, body }) => backend.restartTrust(body),
  }),
  answers({
    method: 'GET',
    path: '/v1/trust/headers',
    summary: 'Certified headers by their epochs, for whoever follows them without trusting anybody',
    query: trustHeadersQuery,
    status: 200,
    answer: trustHeadersSchema,
    handle: ({ backend, query }) => backend.trustHeaders(query),
  }),
  answers({
    method: 'GET',
    path: '/v1/trust/:peer',
    summary: 'Why the score of a device is what it is, and what would raise it',
    params: trustPeerParams,
    status: 200,
    answer: trustExplanationSchema,
    handle: ({ backend, params }) => backend.explainTrust(params.peer),
  }),
  answers({
    method: 'GET',
    path: '/v1/trust/:peer/proof',
    summary: 'The score of a device as a proof that anybody can check offline',
    params: trustPeerParams,
    status: 200,
    answer: trustProofSchema,
    handle: ({ backend, params }) => backend.proveTrust(params.peer),
  }),
]
