/**
 * Signs as this device.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { concatBytes } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import { peerIdOf, PUBLIC_KEY_BYTES } from '../../core/peer-key.ts'

/** Bytes of an Ed25519 seed, the private key of RFC 8032, section 5.1.5. */
export const SEED_BYTES = 32

/** PrivateKeyInfo of an Ed25519 key up to the seed itself (RFC 8410, section 7). */
const PKCS8_PREFIX = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32])

/**
 * A signer for the key that `seed` ({@link SEED_BYTES} bytes) stands for. Signatures are deterministic.
 *
 * @example
 * ```ts
 * createSigner(new Uint8Array(32)).peer // => '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
 * ```
 */
export function createSigner(seed: Uint8Array): Signer {
  invariant(seed.length === SEED_BYTES, 'an Ed25519 seed has 32 bytes')
  const privateKey = createPrivateKey({
    key: Buffer.from(concatBytes([PKCS8_PREFIX, seed])),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const publicKey = spki.subarray(spki.length - PUBLIC_KEY_BYTES)
  return {
    peer: peerIdOf(publicKey),
    sign: (message) => {
      const signature = sign(null, message, privateKey)
      return new Uint8Array(signature.buffer, signature.byteOffset, signature.length)
    },
  }
}
