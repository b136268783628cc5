/**
 * How this device tells the mesh what it can do.
 *
 * @module
 */

import { z } from 'zod'

export const presenceSection = z.strictObject({
  heartbeatMs: z
    .int()
    .min(200)
    .max(3_600_000)
    .default(20_000)
    .describe('time between two capability records when nothing changed'),
  expiryMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(60_000)
    .describe('life of a capability record; a device that is silent for longer counts as gone'),
  benchmark: z
    .boolean()
    .default(true)
    .describe('measure this device once at its first start; without it speeds are unknown'),
})

/** Settings under `presence`. */
export type PresenceConfig = Readonly<z.infer<typeof presenceSection>>
