/**
 * Signatures that are checked later, where checking them takes a promise: WebCrypto in a browser.
 *
 * A pure room asks for an answer at once. For a record that holds only if every signature that was
 * asked about holds, the answer may be yes for now: it stands when {@link DeferredVerify.allHold}
 * says so, and falls when it does not. Never use it where a no leads anywhere but to a refusal.
 *
 * @module
 */

import { toHex } from './bytes.ts'
import type { Verify } from './crypto.ts'
import { isStrictPublicKey, isStrictSignature } from './ed25519-rule.ts'
import { publicKeyOf } from './peer-key.ts'
import { RecentCache } from './recent-cache.ts'

/** Checks one signature by the bytes of its key, as RFC 8032, section 5.1.7, without the cofactor. */
export type CheckSignature = (
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>

export class DeferredVerify {
  readonly #pending: Parameters<CheckSignature>[] = []

  /** Says yes for now to what has the strict shape, and no to everything else. */
  readonly verify: Verify = (peer, message, signature) => {
    const key = publicKeyOf(peer)
    if (key === undefined || !isStrictPublicKey(key) || !isStrictSignature(signature)) return false
    this.#pending.push([key, message, signature])
    return true
  }

  /** True when every signature that was asked about since the last time holds. */
  async allHold(check: CheckSignature): Promise<boolean> {
    const checks = this.#pending.splice(0).map((signed) => check(...signed))
    return (await Promise.all(checks)).every((holds) => holds)
  }
}

/** What is used of `crypto.subtle`. */
export interface VerifyingSubtle<Key> {
  importKey(
    format: 'raw',
    key: Uint8Array<ArrayBuffer>,
    algorithm: 'Ed25519',
    extractable: false,
    usages: ['verify'],
  ): Promise<Key>
  verify(
    algorithm: 'Ed25519',
    key: Key,
    signature: Uint8Array<ArrayBuffer>,
    message: Uint8Array<ArrayBuffer>,
  ): Promise<boolean>
}

/** Keys that a check keeps: those of a few committees. */
const KEYS_IMPORTED_MAX = 256

/** Checks by WebCrypto. To import a key takes as long as a signature, and a committee signs again and again: keys are kept. */
export function webCryptoCheck<Key>(subtle: VerifyingSubtle<Key>): CheckSignature {
  const imported = new RecentCache<string, Promise<Key | undefined>>(KEYS_IMPORTED_MAX)
  const keyOf = (bytes: Uint8Array): Promise<Key | undefined> => {
    const name = toHex(bytes)
    const known = imported.get(name)
    if (known !== undefined) return known
    // Some browsers refuse what is no point of the curve only here: nothing is signed by it.
    const key = subtle
      .importKey('raw', new Uint8Array(bytes), 'Ed25519', false, ['verify'])
      .catch(() => undefined)
    imported.set(name, key)
    return key
  }
  return async (bytes, message, signature) => {
    const key = await keyOf(bytes)
    if (key === undefined) return false
    return subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message))
  }
}
