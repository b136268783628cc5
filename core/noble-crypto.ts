/**
 * Hashes and Ed25519 in plain JavaScript, for browsers and phones, and as the second opinion of tests.
 *
 * The library's own `verify` takes what others refuse (it multiplies by the cofactor), so
 * only its points are used and the equation of the strict rule is evaluated here. A
 * verification takes about a millisecond: where node:crypto is at hand, use that.
 *
 * @module
 */

import { Point } from '@noble/ed25519'
import { sha256 as sha256Of, sha512 } from '@noble/hashes/sha2.js'
import { bytesEqual, concatBytes, toHex } from './bytes.ts'
import type { Crypto } from './crypto.ts'
import { isStrictPublicKey, isStrictSignature } from './ed25519-rule.ts'
import type { PeerId } from './ids.ts'
import { publicKeyOf } from './peer-key.ts'
import { RecentCache } from './recent-cache.ts'

/** Decoded keys that are kept: decoding one takes a tenth of the time of a verification. */
const PUBLIC_KEYS_CACHED_MAX = 256

/** SHA-256 and strict Ed25519. `verify` is false, never an error, on whatever is handed in. */
export const nobleCrypto: Crypto = { sha256: (data) => sha256Of(data), verify }

interface DecodedKey {
  readonly bytes: Uint8Array
  readonly point: Point
}

const keys = new RecentCache<PeerId, DecodedKey>(PUBLIC_KEYS_CACHED_MAX)

function verify(peer: PeerId, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isStrictSignature(signature)) return false
  const key = keyOf(peer)
  if (key === undefined) return false
  const R = signature.subarray(0, 32)
  const S = numberOf(signature.subarray(32))
  const k = numberOf(sha512(concatBytes([R, key.bytes, message]))) % Point.CURVE().n
  const expected = Point.BASE.multiply(S, false).subtract(key.point.multiply(k, false))
  return bytesEqual(expected.toBytes(), R)
}

function keyOf(peer: PeerId): DecodedKey | undefined {
  const known = keys.get(peer)
  if (known !== undefined) return known
  const bytes = publicKeyOf(peer)
  if (bytes === undefined || !isStrictPublicKey(bytes)) return undefined
  const point = pointOf(bytes)
  if (point === undefined) return undefined
  const key = { bytes, point }
  keys.set(peer, key)
  return key
}

function pointOf(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes)
  } catch {
    // The library has no other way to say that no point of the curve has this encoding.
    return undefined
  }
}

/** A little-endian number. */
function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`)
}
