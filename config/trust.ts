/**
 * How often devices agree on trust, in a mesh that is founded here.
 *
 * @module
 */

import { z } from 'zod'

export const trustSection = z.strictObject({
  epochMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(300_000)
    .describe(
      'length of an epoch of meshes founded by this device; members of a mesh take it from its genesis',
    ),
})

/** Settings under `trust`. */
export type TrustConfig = Readonly<z.infer<typeof trustSection>>
