/**
 * Signatures that are checked later, where checking them takes a promise: WebCrypto in a browser.
 *
 * A pure room asks for an answer at once. For a record that holds only if every signature that was
 * asked about holds, the answer may be yes for now: it stands when {@link DeferredVerify.allHold}
 * says so, and falls when it does not. Never use it where a no leads anywhere but to a refusal.
 *
 * @module
 */

import type { Verify } from './crypto.ts'
import { isStrictPublicKey, isStrictSignature } from './ed25519-rule.ts'
import { publicKeyOf } from './peer-key.ts'

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
