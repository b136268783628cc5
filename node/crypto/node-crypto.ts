/**
 * Hashes and Ed25519 of node:crypto, behind the port that pure rooms know.
 *
 * @module
 */

import { createPublicKey, hash, verify as verifySignature, type KeyObject } from 'node:crypto'
import { concatBytes } from '../../core/bytes.ts'
import { SIGNATURE_BYTES, type Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { publicKeyOf } from '../../core/peer-key.ts'
import { isStrictPublicKey } from './strict-public-key.ts'

/** Parsed public keys that are kept, the least recently used given up first: a few hundred bytes each. */
export const PUBLIC_KEYS_CACHED_MAX = 1_024

/** SHA-256 and strict Ed25519 of this process. `verify` is false, never an error, on whatever is handed in. */
export const nodeCrypto: Crypto = { sha256, verify }

/** The order of the base point, 2^252 + 27742317777372353535851937790883648493, in little endian. */
const ORDER = Uint8Array.from([
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
])

/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410, section 4). */
const SPKI_PREFIX = Uint8Array.from([48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0])

const keys = new Map<PeerId, KeyObject>()

function sha256(data: Uint8Array): Uint8Array {
  const digest = hash('sha256', data, 'buffer')
  // A plain view, so that callers see no Buffer with methods of its own.
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length)
}

function verify(peer: PeerId, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || !isBelowOrder(signature.subarray(32))) return false
  const key = keyOf(peer)
  if (key === undefined) return false
  try {
    return verifySignature(null, message, key, signature)
  } catch {
    // OpenSSL parses a key only now, and throws when its bytes are no point of the curve.
    return false
  }
}

/** RFC 8032, section 5.1.7, step 1: S in [0, L). OpenSSL checks it as well; the rule does not depend on its version. */
function isBelowOrder(scalar: Uint8Array): boolean {
  for (let index = ORDER.length - 1; index >= 0; index--) {
    const difference = (scalar[index] ?? 0) - (ORDER[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function keyOf(peer: PeerId): KeyObject | undefined {
  const known = keys.get(peer)
  if (known !== undefined) {
    keys.delete(peer)
    keys.set(peer, known)
    return known
  }
  const bytes = publicKeyOf(peer)
  if (bytes === undefined || !isStrictPublicKey(bytes)) return undefined
  const key = createPublicKey({
    key: Buffer.from(concatBytes([SPKI_PREFIX, bytes])),
    format: 'der',
    type: 'spki',
  })
  if (keys.size >= PUBLIC_KEYS_CACHED_MAX) {
    const [oldest] = keys.keys()
    if (oldest !== undefined) keys.delete(oldest)
  }
  keys.set(peer, key)
  return key
}
