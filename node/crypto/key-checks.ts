/**
 * The two libraries that decide on a signature of strict shape (core/ed25519-rule.ts), to one verdict.
 *
 * libsodium takes half the time of OpenSSL, which computes Ed25519 in limbs of 25 bits, and needs no key parsed first.
 * Its releases up to 1.0.22 compare the bytes of R, as RFC 8032, section 5.1.7, does without the cofactor; its main
 * branch multiplies by the cofactor. Two devices with two rules would disagree on a ledger: an addon that
 * takes what only the cofactor lets pass, or does not load, is not used, and OpenSSL decides.
 *
 * @module
 */

import { createPublicKey, verify as verifySignature } from 'node:crypto'
import { createRequire } from 'node:module'
import { concatBytes, fromHex } from '../../core/bytes.ts'

/** Whether a signature of {@link SIGNATURE_BYTES} bytes is by one key. */
export type KeyCheck = (message: Uint8Array, signature: Uint8Array) => boolean

/** The check of a key, made once and kept: 32 bytes of strict shape, which need be no point of the curve. */
export type KeyChecks = (key: Uint8Array) => KeyCheck

/**
 * So many signatures in so many milliseconds are many: with OpenSSL, a hundredth of a core. To load libsodium takes 20 ms
 * and 7 MB, which a daemon that idles has no use for.
 */
const MANY = 384
const MANY_MS = 5_000

/** Those of OpenSSL until signatures are many at once; from then on those of libsodium, where they can be had. */
export function checksByNeed(
  nowMs: () => number,
  quicker: () => KeyChecks | undefined = sodiumChecks,
): () => KeyChecks {
  let settled: KeyChecks | undefined
  let sinceMs = nowMs()
  let count = 0
  return () => {
    if (settled !== undefined) return settled
    if (nowMs() - sinceMs > MANY_MS) [sinceMs, count] = [nowMs(), 0]
    if (++count > MANY) settled = quicker() ?? opensslChecks
    return settled ?? opensslChecks
  }
}

/** What is used of sodium-native. */
interface Sodium {
  readonly crypto_sign_verify_detached: (
    signature: Uint8Array,
    message: Uint8Array,
    key: Uint8Array,
  ) => boolean
}

/** Those of libsodium; undefined where its addon does not load, or has another rule. */
export function sodiumChecks(load: () => Sodium = loadSodium): KeyChecks | undefined {
  const sodium = loaded(load)
  if (sodium === undefined) return undefined
  const checks: KeyChecks = (key) => (message, signature) =>
    sodium.crypto_sign_verify_detached(signature, message, key)
  const hasOurRule = PROBES.every(
    ({ key, message, signature, holds }) => checks(key)(message, signature) === holds,
  )
  return hasOurRule ? checks : undefined
}

function loadSodium(): Sodium {
  const require = createRequire(import.meta.url)
  return require('sodium-native') as Sodium
}

function loaded(load: () => Sodium): Sodium | undefined {
  try {
    return load()
  } catch {
    // There is no addon for this platform: OpenSSL gives the same verdicts.
    return undefined
  }
}

/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410, section 4). */
const SPKI_PREFIX = Uint8Array.from([48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0])

/** Those of the OpenSSL that Node carries. */
export const opensslChecks: KeyChecks = (bytes) => {
  const key = createPublicKey({
    key: Buffer.from(concatBytes([SPKI_PREFIX, bytes])),
    format: 'der',
    type: 'spki',
  })
  return (message, signature) => {
    try {
      return verifySignature(null, message, key, signature)
    } catch {
      // OpenSSL parses a key only now, and throws when its bytes are no point of the curve.
      return false
    }
  }
}

/** Three of test/vectors/ed25519.txt: an honest one, and two that only the cofactor lets pass, by their R and by their key. */
const PROBES = [
  {
    key: 'c8c40eff0012cce9e24efddd3a6ee34c4627d2f5f0cff30a27c9e379a497c42b',
    message: 'e8',
    signature:
      'f84414de6ea5ab8c6c8422d4d0f6cf147cd363afc1a711bd74f79e3b4f6ff3fb9f08b07e3758a37c59587495c901681200b869b4d04743db0a09ad0497ed9908',
    holds: true,
  },
  {
    key: 'be60b23f797fb92b21f85afc3d906e4b0d938e4a6745f287a13dc690858c0379',
    message: 'a1105ec697e29e56',
    signature:
      '8a00719bbf71531fd410d755a600e442509cd83af61b1e37b2448351b9fb1916cdd0d1c1e885c84989498a06d82bbaef202a494c3b2acca9162d8a92d48e1900',
    holds: false,
  },
  {
    key: 'fd84225ca4c7b9dd836ad82598f8fc7e79483fde77091bc51f6477ed9a17cce7',
    message: '905b91a2d19db4c54c8aef8c54f6c9e41088d34c62e514bff477b95eb34a3135',
    signature:
      '5c6c5583214ddfb0d1a35cd9bd657e695ba06f7a6203fda83fafbff7fca2c13e30f5fa5375a74b596ffdab979e84d80cfd6e346e5e2e6084836ef4b186635e0c',
    holds: false,
  },
].map(({ key, message, signature, holds }) => ({
  key: bytesOf(key),
  message: bytesOf(message),
  signature: bytesOf(signature),
  holds,
}))

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array()
}
