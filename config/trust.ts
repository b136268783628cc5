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
  witnesses: z
    .array(
      z
        .string()
        .max(512)
        .regex(
          /^\/.+\/p2p\/[A-Za-z0-9]+$/u,
          'expected a multiaddr that ends in /p2p/ and a peer id',
        )
        .describe('multiaddrs'),
    )
    .max(8)
    .default([])
    .describe(
      'devices outside of the mesh that cosign its certified headers while it has one to three seats',
    ),
  witnessFor: z
    .array(z.string().min(46).max(64).describe('peer ids'))
    .max(32)
    .default([])
    .describe('devices outside of the mesh whose certified headers this one cosigns'),
})

/** Settings under `trust`. */
export type TrustConfig = Readonly<z.infer<typeof trustSection>>
