/**
 * Where a daemon keeps what must survive it.
 *
 * @module
 */

import { z } from 'zod'

export const stateSection = z.strictObject({
  dir: z
    .string()
    .min(1)
    .max(1_024)
    .default('')
    .describe(
      'folder of identity, mesh, ledger and models; empty means the usual place of this platform',
    ),
})

/** Settings under `state`. */
export type StateConfig = Readonly<z.infer<typeof stateSection>>
