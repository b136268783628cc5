/**
 * Signatures that were good once are not verified again.
 *
 * A member's certificates come with each of its capability records, and never change.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'

/** `crypto` that remembers the last `signaturesMax` good signatures, by a hash of all that was verified. */
export function rememberSignatures({ sha256, verify }: Crypto, signaturesMax: number): Crypto {
  const good = new Set<string>()
  return {
    sha256,
    verify: (peer, message, signature) => {
      // The hash of the message makes this of one length up to the peer: no two triples share it.
      const key = `${toHex(sha256(message))}${toHex(signature)}${peer}`
      if (good.has(key)) return true
      if (!verify(peer, message, signature)) return false
      const [oldest] = good
      if (good.size >= signaturesMax && oldest !== undefined) good.delete(oldest)
      good.add(key)
      return true
    },
  }
}
