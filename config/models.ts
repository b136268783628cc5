/**
 * How much of the disk models may take.
 *
 * @module
 */

import { z } from 'zod'

export const modelsSection = z.strictObject({
  storeBytesMax: z
    .int()
    .min(1_048_576)
    .max(1_125_899_906_842_624)
    .default(34_359_738_368)
    .describe('disk for weights, own and fetched; what does not fit is refused'),
})

/** Settings under `models`. */
export type ModelsConfig = Readonly<z.infer<typeof modelsSection>>
