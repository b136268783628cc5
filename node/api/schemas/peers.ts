/**
 * The devices of the mesh, as this one knows them.
 *
 * @module
 */

import { z } from 'zod'
import { bytes, layerRange, ms, peerId, role } from './scalars.ts'

export const peersQuery = z.strictObject({
  class: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('only devices of this capability class, best first'),
})

export const peerSchema = z.object({
  peer: peerId,
  name: z.string(),
  self: z.boolean(),
  connected: z.boolean(),
  role: role.optional(),
  address: z.string().optional().describe('remote multiaddr of the connection'),
  encryption: z.enum(['tls', 'noise']).optional(),
  roundTripMs: ms.optional(),
  cores: z.int(),
  memoryBytes: bytes,
  accelerators: z.array(z.string()),
  providers: z.array(z.string()),
  classes: z.array(z.string()),
  f32Gflops: z.number().optional(),
  tier: z
    .enum(['none', 'self', 'mobile', 'tpm', 'tee'])
    .optional()
    .describe('what its evidence comes to now; missing when it was not asked'),
  offeredTier: z
    .enum(['self', 'mobile', 'tpm', 'tee'])
    .describe('what the device says of itself, which counts for nothing'),
  level: z.number().min(0).max(1).describe('how much of itself the device grants now'),
  forecast: z
    .object({
      staysFor5min: z.number().min(0).max(1),
      staysFor15min: z.number().min(0).max(1),
      staysFor60min: z.number().min(0).max(1),
    })
    .optional()
    .describe('how likely it stays, by its habits, in quarters; missing when it does not say'),
  models: z.array(z.string()).describe('models that it holds'),
  stages: z.array(z.object({ model: z.string(), ...layerRange })),
  ageMs: ms.describe('since its capability record was made'),
  expiresInMs: z.number(),
  receiptFaults: z
    .int()
    .optional()
    .describe(
      'halves of receipts from it, since the start, that only a broken or dishonest device sends',
    ),
  score: z.number().optional().describe('rank within the class that was asked for'),
})

export const peerListSchema = z.object({ peers: z.array(peerSchema) })

export type PeersQuery = z.infer<typeof peersQuery>
export type PeerView = z.infer<typeof peerSchema>
export type PeerList = z.infer<typeof peerListSchema>
