/**
 * The HTTP interface that the owner, the command line and other programs use.
 *
 * @module
 */

import { z } from 'zod'

export const apiSection = z.strictObject({
  host: z
    .union([z.ipv4(), z.ipv6()])
    .default('127.0.0.1')
    .describe('address that the API listens on'),
  port: z.int().min(0).max(65_535).default(7_433).describe('TCP port; 0 takes any free one'),
  allowRemote: z
    .boolean()
    .default(false)
    .describe('permits a host that other machines reach; keys are then sent in clear text'),
  jobBodyBytesMax: z
    .int()
    .min(1_048_576)
    .max(1_073_741_824)
    .default(268_435_456)
    .describe('largest body of a job request, its inputs in base64 included'),
})

/** Settings under `api`. */
export type ApiConfig = Readonly<z.infer<typeof apiSection>>
