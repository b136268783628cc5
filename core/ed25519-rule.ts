/**
 * Which Ed25519 keys and signatures are looked at at all, so that every library gives one verdict.
 *
 * Libraries disagree on what RFC 8032 leaves open: second encodings of a point, the eight
 * points of small order, S above the group order. Two peers that disagree on a signature
 * disagree on a ledger. What passes here leaves one question that they all answer alike:
 * whether `S·B − k·A` encodes to the very bytes of R (no cofactor, section 5.1.7).
 *
 * @module
 */

import { SIGNATURE_BYTES } from './crypto.ts'
import { fromHex } from './bytes.ts'
import { invariant } from './invariant.ts'
import { PUBLIC_KEY_BYTES } from './peer-key.ts'

/**
 * The `y` of the points of order 1, 2, 4 and 8 in little endian, the sign bit of `x` cleared
 * (Chalkias, Garillot, Nikolaenko 2020, "Taming the many EdDSAs", table 1).
 */
const SMALL_ORDER = [
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(littleEndian)

/** The order L of the base point, 2^252 + 27742317777372353535851937790883648493 (RFC 8032, section 5.1). */
const ORDER = littleEndian('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/**
 * True when `key` is the canonical encoding (RFC 8032, section 5.1.3) of a `y` below the prime,
 * not of small order. Whether a point of the curve has that `y` is left to the library.
 */
export function isStrictPublicKey(key: Uint8Array): boolean {
  return key.length === PUBLIC_KEY_BYTES && isStrictPoint(key, 0)
}

/** True when `signature` is R ‖ S with R as {@link isStrictPublicKey} wants it and S in [0, L). */
export function isStrictSignature(signature: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_BYTES && isStrictPoint(signature, 0) && isBelowOrder(signature)
  )
}

function isStrictPoint(bytes: Uint8Array, at: number): boolean {
  if (!isBelowPrime(bytes, at)) return false
  return !SMALL_ORDER.some((point) => hasSameY(bytes, at, point))
}

/** The prime is 2^255 - 19: `y` reaches it only when bytes 1 to 31 are all ones and byte 0 is at least 0xed. */
function isBelowPrime(bytes: Uint8Array, at: number): boolean {
  if (((bytes[at + 31] ?? 0) & 0x7f) !== 0x7f) return true
  for (let index = 1; index < 31; index++) {
    if (bytes[at + index] !== 0xff) return true
  }
  return (bytes[at] ?? 0) < 0xed
}

/** The sign of `x` is left out: with it cleared or set, the point is of small order. */
function hasSameY(bytes: Uint8Array, at: number, point: Uint8Array): boolean {
  for (let index = 0; index < 31; index++) {
    if (bytes[at + index] !== point[index]) return false
  }
  return ((bytes[at + 31] ?? 0) & 0x7f) === point[31]
}

/** S, the second half of `signature`, is below L: above it the same signature has a twin. */
function isBelowOrder(signature: Uint8Array): boolean {
  for (let index = 31; index >= 0; index--) {
    const difference = (signature[32 + index] ?? 0) - (ORDER[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function littleEndian(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  invariant(bytes?.length === 32, 'constants of the curve have 32 bytes')
  return bytes
}
