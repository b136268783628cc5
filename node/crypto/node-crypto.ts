/**
 * Hashes of node:crypto and Ed25519 of libsodium or OpenSSL, behind the port that pure rooms know.
 *
 * @module
 */

import { hash } from 'node:crypto'
import type { Crypto, Verify } from '../../core/crypto.ts'
import { isStrictPublicKey, isStrictSignature } from '../../core/ed25519-rule.ts'
import type { PeerId } from '../../core/ids.ts'
import { publicKeyOf } from '../../core/peer-key.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import { checksByNeed, type KeyCheck, type KeyChecks } from './key-checks.ts'

/** Public keys that are kept, a few hundred bytes each: an epoch has a statement of every domain. */
export const PUBLIC_KEYS_CACHED_MAX = 16_384

/** SHA-256 and strict Ed25519 of this process. `verify` is false, never an error, on whatever is handed in. */
export const nodeCrypto: Crypto = {
  sha256,
  verify: strictVerify(checksByNeed(() => performance.now())),
}

function sha256(data: Uint8Array): Uint8Array {
  // As text of one character a byte: a Buffer has memory outside the heap, and costs two hashes more.
  const digest = hash('sha256', data, 'binary')
  const bytes = new Uint8Array(digest.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = digest.charCodeAt(index)
  return bytes
}

/** The strict rule, with a library that decides what it leaves open; asked for it with each signature. */
export function strictVerify(library: () => KeyChecks): Verify {
  const known = new RecentCache<PeerId, KeyCheck>(PUBLIC_KEYS_CACHED_MAX)
  let checks: KeyChecks | undefined
  const checkOf = (peer: PeerId, by: KeyChecks): KeyCheck | undefined => {
    const key = publicKeyOf(peer)
    if (key === undefined || !isStrictPublicKey(key)) return undefined
    const check = by(key)
    known.set(peer, check)
    return check
  }
  return (peer, message, signature) => {
    if (!isStrictSignature(signature)) return false
    const now = library()
    if (now !== checks) known.clear()
    checks = now
    const check = known.get(peer) ?? checkOf(peer, now)
    return check !== undefined && check(message, signature)
  }
}
