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
  hubEndpoint: z
    .string()
    .max(2_048)
    .regex(
      /^https?:\/\/[^\s/?#]+(?:\/[^\s/?#]+)*$/,
      'expected an http address without a slash at the end',
    )
    .default('https://huggingface.co')
    .describe('hub, or a mirror of it, from which `brume model pull hf:…` fetches'),
  hubTokenFile: z
    .string()
    .max(4_096)
    .default('')
    .describe('file with a token for the hub; HF_TOKEN of the daemon goes before it, empty: none'),
})

/** Settings under `models`. */
export type ModelsConfig = Readonly<z.infer<typeof modelsSection>>
