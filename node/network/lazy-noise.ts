/**
 * Noise, loaded when the first peer asks for it.
 *
 * Only browsers do, for they have no TLS; what it is made of (WebAssembly, curves) takes memory.
 *
 * @module
 */

import type { noise } from '@chainsafe/libp2p-noise'
import type { ConnectionEncrypter } from '@libp2p/interface'

/** What noise is made from: it wants more of libp2p than its types say to others. */
type NoiseComponents = Parameters<ReturnType<typeof noise>>[0]

/** A connection encrypter for `createLibp2p`. */
export function lazyNoise(): (components: NoiseComponents) => ConnectionEncrypter {
  return (components) => {
    let loaded: Promise<ConnectionEncrypter> | undefined
    const load = (): Promise<ConnectionEncrypter> => (loaded ??= loadNoise(components))
    return {
      protocol: '/noise',
      secureInbound: async (connection, options) =>
        (await load()).secureInbound(connection, options),
      secureOutbound: async (connection, options) =>
        (await load()).secureOutbound(connection, options),
    }
  }
}

async function loadNoise(components: NoiseComponents): Promise<ConnectionEncrypter> {
  const { noise } = await import('@chainsafe/libp2p-noise')
  return noise()(components)
}
