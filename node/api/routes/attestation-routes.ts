/**
 * Routes about attestation.
 *
 * @module
 */

import { answers, type Route } from '../route.ts'
import {
  acceptedHandoverSchema,
  acceptHandoverRequest,
  attestationListSchema,
  attestationResultListSchema,
  attestationSchema,
  attestRequest,
  collateralListSchema,
  epochListSchema,
  epochRequest,
  handoverSchema,
  importCollateralRequest,
} from '../schemas/attestation.ts'

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
  answers({
    method: 'POST',
    path: '/v1/attestations/handovers',
    summary: 'Sign that this device gives its hardware to another',
    body: attestRequest,
    status: 201,
    answer: handoverSchema,
    handle: ({ backend, body }) => backend.handover(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/attestations/handovers/accept',
    summary: 'Show a handover to this device from now on',
    body: acceptHandoverRequest,
    status: 200,
    answer: acceptedHandoverSchema,
    handle: ({ backend, body }) => backend.acceptHandover(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/attestations/epochs',
    summary: 'Show evidence of an epoch to all members, and see what theirs comes to',
    body: epochRequest,
    status: 200,
    answer: epochListSchema,
    handle: ({ backend, body }) => backend.attestEpoch(body),
  }),
  answers({
    method: 'GET',
    path: '/v1/attestations/results',
    summary: 'What members found about one another, and whether this device finds the same',
    status: 200,
    answer: attestationResultListSchema,
    handle: ({ backend }) => backend.attestationResults(),
  }),
  answers({
    method: 'POST',
    path: '/v1/attestations/revocations',
    summary: 'Forget what a device has shown, and call on all members to ask it again',
    body: attestRequest,
    status: 204,
    handle: ({ backend, body }) => backend.revokeAttestation(body),
  }),
  answers({
    method: 'GET',
    path: '/v1/attestations/collateral',
    summary: 'What vendors said last, as it is at hand',
    status: 200,
    answer: collateralListSchema,
    handle: ({ backend }) => backend.collateral(),
  }),
  answers({
    method: 'POST',
    path: '/v1/attestations/collateral',
    summary: 'Verify and keep collateral of a vendor',
    body: importCollateralRequest,
    largeBody: true,
    status: 200,
    answer: collateralListSchema,
    handle: ({ backend, body }) => backend.importCollateral(body),
  }),
]
