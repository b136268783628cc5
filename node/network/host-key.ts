/**
 * The device's key in libp2p's form.
 *
 * @module
 */

import { createPrivateKey, createPublicKey } from 'node:crypto'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { concatBytes } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { peerIdOf, PUBLIC_KEY_BYTES } from '../../core/peer-key.ts'

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** libp2p's private key of a `seed` of 32 bytes (RFC 8032, section 5.1.5). */
export function keyOf(seed: Uint8Array): PrivateKey {
  return privateKeyFromRaw(concatBytes([seed, publicKeyOfSeed(seed)]))
}

/** The PeerId of the key with this `seed` of 32 bytes. */
export function peerIdOfSeed(seed: Uint8Array): PeerId {
  return peerIdOf(publicKeyOfSeed(seed))
}

function publicKeyOfSeed(seed: Uint8Array): Uint8Array {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return new Uint8Array(spki.subarray(spki.length - PUBLIC_KEY_BYTES))
}
