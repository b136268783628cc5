/**
 * What this machine has, what it can run, and how fast it was measured to be.
 *
 * @module
 */

import { z } from 'zod'
import { bytes, ms, peerId, providerName, wallMs } from './scalars.ts'

export const providerReportSchema = z.object({
  name: providerName,
  available: z.boolean(),
  reason: z.string().optional().describe('why it is not available'),
  adapter: z.string().optional().describe('the hardware that it drives'),
})

export const deviceSchema = z.object({
  peer: peerId,
  name: z.string(),
  platform: z.string(),
  arch: z.string(),
  model: z.string().describe('product or processor'),
  cores: z.int().min(1),
  memoryBytes: bytes,
  memoryFreeBytes: bytes,
  diskFreeBytes: bytes,
  accelerators: z.array(z.object({ name: z.string(), memoryBytes: bytes.optional() })),
  providers: z.array(providerReportSchema),
  benchmark: z
    .object({
      f32Gflops: z.number(),
      int8Gops: z.number(),
      memoryBytesPerSecond: z.number(),
      storageBytesPerSecond: z.number(),
      gpuF32Gflops: z.number().optional(),
      measuredMs: wallMs,
      tookMs: ms,
    })
    .nullable(),
  evidence: z
    .array(z.string())
    .describe('kinds of evidence that this device can show of itself: brume attest'),
  classes: z.array(z.string()).describe('capability classes that this device is in'),
})

export const deviceQuery = z.strictObject({
  refresh: z.stringbool().default(false).describe('measure again instead of reading the cache'),
})

export type Device = z.infer<typeof deviceSchema>
export type DeviceQuery = z.infer<typeof deviceQuery>
