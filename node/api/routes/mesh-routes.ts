/**
 * Routes about membership.
 *
 * @module
 */

import { answers, type Route } from '../route.ts'
import {
  createMeshRequest,
  inviteRequest,
  inviteSchema,
  joinRequest,
  leaveRequest,
  leftSchema,
  meshSchema,
  meshStateSchema,
} from '../schemas/mesh.ts'

export const meshRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/mesh',
    summary: 'The mesh that this device is in, if any',
    status: 200,
    answer: meshStateSchema,
    handle: ({ backend }) => backend.mesh(),
  }),
  answers({
    method: 'POST',
    path: '/v1/mesh',
    summary: 'Start a mesh',
    body: createMeshRequest,
    status: 201,
    answer: meshSchema,
    handle: ({ backend, body }) => backend.createMesh(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/mesh/invites',
    summary: 'Make a code by which others may join',
    body: inviteRequest,
    status: 201,
    answer: inviteSchema,
    handle: ({ backend, body }) => backend.invite(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/mesh/join',
    summary: 'Join the mesh of an invite code',
    body: joinRequest,
    status: 200,
    answer: meshSchema,
    handle: ({ backend, body, signal }) => backend.join(body, signal),
  }),
  answers({
    method: 'POST',
    path: '/v1/mesh/leave',
    summary: 'Leave the mesh, and say so: the seat of this device goes to another',
    body: leaveRequest,
    status: 200,
    answer: leftSchema,
    handle: ({ backend, body }) => backend.leave(body),
  }),
]
