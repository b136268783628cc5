/**
 * What this daemon is and does right now.
 *
 * @module
 */

import { z } from 'zod'
import { ledgerHeadSchema } from './ledger.ts'
import { bytes, layerRange, ms, peerId, providerName, role, wallMs } from './scalars.ts'
import { trustStateSchema } from './trust.ts'

export const statusSchema = z.object({
  version: z.string(),
  peer: peerId,
  name: z.string().describe('short name of the device for people'),
  state: z.enum(['starting', 'ready', 'draining']),
  reason: z
    .enum(['no-mesh', 'no-peers'])
    .optional()
    .describe('why a ready device cannot use others; absent when it can'),
  startedMs: wallMs,
  uptimeMs: ms,
  stateDir: z.string(),
  apiUrl: z.string(),
  addresses: z.array(z.string()).describe('multiaddrs that others may dial'),
  mesh: z.object({ id: z.string(), name: z.string(), role }).nullable(),
  connectedPeers: z.int().describe('members of the mesh that are connected'),
  models: z.int().describe('models in the store'),
  stages: z
    .array(
      z.object({ model: z.string(), ...layerRange, provider: providerName, requester: peerId }),
    )
    .describe('stages that this device runs for others and for itself'),
  jobs: z.object({ running: z.int(), done: z.int(), failed: z.int() }),
  ledger: ledgerHeadSchema.nullable().describe('null in no mesh, and just after a start'),
  trust: trustStateSchema.nullable().describe('null in no mesh'),
  memory: z.object({ daemonBytes: bytes, executorBytes: bytes }),
})

export type Status = z.infer<typeof statusSchema>
