/**
 * How often devices agree on trust, in a mesh that is founded here.
 *
 * @module
 */

import { z } from 'zod'
import { asPeerId } from '../core/ids.ts'

const PEER_LAST = 'expected a multiaddr that ends in /p2p/ and a peer id'

function isPeer(text: string | undefined): boolean {
  return text !== undefined && asPeerId(text) !== undefined
}

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
        .startsWith('/', 'expected a multiaddr')
        .refine((text) => isPeer(text.split('/p2p/').at(-1)), PEER_LAST)
        .describe('multiaddrs'),
    )
    .max(8)
    .default([])
    .describe(
      'devices outside of the mesh that cosign its certified headers while it has one to three seats',
    ),
  witnessFor: z
    .array(z.string().max(64).refine(isPeer, 'expected a peer id').describe('peer ids'))
    .max(32)
    .default([])
    .describe('devices outside of the mesh whose certified headers this one cosigns'),
})

/** Settings under `trust`. */
export type TrustConfig = Readonly<z.infer<typeof trustSection>>
