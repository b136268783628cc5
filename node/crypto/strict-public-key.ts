/**
 * Refuses Ed25519 public keys that have a second encoding, no point, or a tiny group.
 *
 * OpenSSL decodes a `y` of the field prime or more, and accepts the eight points of
 * small order, under which one signature fits many messages. Names of devices are keys,
 * so neither may pass.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { PUBLIC_KEY_BYTES } from '../../core/peer-key.ts'

/**
 * The `y` of the points of order 1, 2, 4 and 8 in little-endian hex, the sign bit of `x` cleared
 * (Chalkias, Garillot, Nikolaenko 2020, "Taming the many EdDSAs", table 1).
 */
const SMALL_ORDER = new Set([
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

/** True when `key` is the canonical encoding (RFC 8032, section 5.1.3) of a `y` below the prime, not of small order. */
export function isStrictPublicKey(key: Uint8Array): boolean {
  if (key.length !== PUBLIC_KEY_BYTES || !isBelowPrime(key)) return false
  const unsigned = Uint8Array.from(key)
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f
  return !SMALL_ORDER.has(toHex(unsigned))
}

/** The prime is 2^255 - 19: `y` reaches it only when bytes 1 to 31 are all ones and byte 0 is at least 0xed. */
function isBelowPrime(key: Uint8Array): boolean {
  if (((key[31] ?? 0) & 0x7f) !== 0x7f) return true
  if (key.subarray(1, 31).some((byte) => byte !== 0xff)) return true
  return (key[0] ?? 0) < 0xed
}
