/**
 * Hashes and Ed25519 of node:crypto, behind the port that pure rooms know.
 *
 * @module
 */

import { createPublicKey, hash, verify as verifySignature, type KeyObject } from 'node:crypto'
import { concatBytes } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import { isStrictPublicKey, isStrictSignature } from '../../core/ed25519-rule.ts'
import type { PeerId } from '../../core/ids.ts'
import { publicKeyOf } from '../../core/peer-key.ts'
import { RecentCache } from '../../core/recent-cache.ts'

/** Parsed public keys that are kept, a few hundred bytes each: an epoch has a statement of every domain. */
export const PUBLIC_KEYS_CACHED_MAX = 16_384

/** SHA-256 and strict Ed25519 of this process. `verify` is false, never an error, on whatever is handed in. */
export const nodeCrypto: Crypto = { sha256, verify }

/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410, section 4). */
const SPKI_PREFIX = Uint8Array.from([48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0])

const keys = new RecentCache<PeerId, KeyObject>(PUBLIC_KEYS_CACHED_MAX)

function sha256(data: Uint8Array): Uint8Array {
  // As text of one character a byte: a Buffer has memory outside the heap, and costs two hashes more.
  const digest = hash('sha256', data, 'binary')
  const bytes = new Uint8Array(digest.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = digest.charCodeAt(index)
  return bytes
}

function verify(peer: PeerId, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isStrictSignature(signature)) return false
  const key = keyOf(peer)
  if (key === undefined) return false
  try {
    return verifySignature(null, message, key, signature)
  } catch {
    // OpenSSL parses a key only now, and throws when its bytes are no point of the curve.
    return false
  }
}

function keyOf(peer: PeerId): KeyObject | undefined {
  const known = keys.get(peer)
  if (known !== undefined) return known
  const bytes = publicKeyOf(peer)
  if (bytes === undefined || !isStrictPublicKey(bytes)) return undefined
  const key = createPublicKey({
    key: Buffer.from(concatBytes([SPKI_PREFIX, bytes])),
    format: 'der',
    type: 'spki',
  })
  keys.set(peer, key)
  return key
}
