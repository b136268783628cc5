/**
 * How work is run again to see whether it was done right.
 *
 * @module
 */

import { z } from 'zod'

export const auditSection = z.strictObject({
  conduct: z
    .boolean()
    .default(true)
    .describe('have work that others do for this device run again by others still'),
  serve: z
    .boolean()
    .default(true)
    .describe('run work again for others, while this device lends its processor'),
  keptBytesMax: z
    .int()
    .min(0)
    .max(68_719_476_736)
    .default(67_108_864)
    .describe(
      'memory for what went through stages here, to be shown when it is audited; 0 for none',
    ),
})

/** Settings under `audit`. */
export type AuditConfig = Readonly<z.infer<typeof auditSection>>
