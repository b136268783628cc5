/**
 * Membership: the mesh that this device is in, and the way into one.
 *
 * @module
 */

import { z } from 'zod'
import { INVITE_CODE_LENGTH_MAX } from './limits.ts'
import { peerId, personName, role, wallMs } from './scalars.ts'

export const meshSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdMs: wallMs,
  founder: peerId,
  role,
  certificateExpiresMs: wallMs.optional(),
  invites: z.int().describe('invites of this device that can still be used'),
})

export const meshStateSchema = z.object({ mesh: meshSchema.nullable() })

export const createMeshRequest = z.strictObject({ name: personName })

export const inviteRequest = z.strictObject({
  uses: z.int().min(1).max(1_000).default(1).describe('devices that may join with it'),
  ttlMs: z
    .int()
    .min(1_000)
    .max(31_536_000_000)
    .default(86_400_000)
    .describe('time until it expires'),
  role: role.default('worker'),
  mayInvite: z.boolean().default(false).describe('whether those who join may invite in their turn'),
})

export const inviteSchema = z.object({
  code: z.string(),
  uses: z.int(),
  role,
  mayInvite: z.boolean(),
  expiresMs: wallMs,
})

export const joinRequest = z.strictObject({
  code: z.string().trim().min(1).max(INVITE_CODE_LENGTH_MAX),
})

export const leaveRequest = z.strictObject({
  now: z.boolean().default(false).describe('also where others cannot decide without its seat'),
})

export const leftSchema = z.object({
  told: z.int().min(0).describe('devices that know that this one gives up its seat'),
})

export type LeaveRequest = z.infer<typeof leaveRequest>
export type Left = z.infer<typeof leftSchema>
export type Mesh = z.infer<typeof meshSchema>
export type MeshState = z.infer<typeof meshStateSchema>
export type CreateMeshRequest = z.infer<typeof createMeshRequest>
export type InviteRequest = z.infer<typeof inviteRequest>
export type Invite = z.infer<typeof inviteSchema>
export type JoinRequest = z.infer<typeof joinRequest>
