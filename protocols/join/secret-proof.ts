/**
 * Proofs that travel in an exchange, and never the secret itself.
 *
 * Both proofs cover the mesh, the two nonces and the two peers: what one exchange
 * shows is of no use in another, nor to anyone between the two.
 *
 * @module
 */

import { concatBytes, fromHex, utf8 } from '../../core/bytes.ts'
import type { Sha256, Signer, Verify } from '../../core/crypto.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { publicKeyOf } from '../../core/peer-key.ts'
import { signable } from '../../core/signed-record.ts'
import { INVITE_ID_BYTES } from './limits.ts'

const HASH_BLOCK_BYTES = 64

/** What one exchange is bound to. */
export interface ExchangeBinding {
  readonly mesh: MeshId
  readonly joiner: PeerId
  readonly inviter: PeerId
  readonly joinerNonce: Uint8Array
  readonly inviterNonce: Uint8Array
}

/** The name of an invite, under which an inviter finds it: it gives nothing of the secret away. */
export function inviteIdOf(secret: Uint8Array, sha256: Sha256): Uint8Array {
  return sha256(signable('invite-id', secret)).slice(0, INVITE_ID_BYTES)
}

/** The joiner's proof that it knows the secret: HMAC-SHA-256 over the binding. */
export function proveSecret(
  secret: Uint8Array,
  binding: ExchangeBinding,
  sha256: Sha256,
): Uint8Array {
  return hmacSha256(secret, bindingBytes('join-claim', binding), sha256)
}

/** The inviter's signature over the binding: it holds its key now, for this exchange. */
export function signBinding(binding: ExchangeBinding, signer: Signer): Uint8Array {
  return signer.sign(bindingBytes('join-proof', binding))
}

/** Whether the inviter named in `binding` signed it. */
export function isBindingSigned(
  binding: ExchangeBinding,
  signature: Uint8Array,
  verify: Verify,
): boolean {
  return verify(binding.inviter, bindingBytes('join-proof', binding), signature)
}

/** Compares in a time that does not depend on where two proofs differ. */
export function proofsEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0)
  return difference === 0
}

/** HMAC (RFC 2104) with SHA-256, for keys of at most 64 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array, sha256: Sha256): Uint8Array {
  invariant(key.length <= HASH_BLOCK_BYTES, 'a key fits a block of the hash')
  const padded = (pad: number): Uint8Array =>
    Uint8Array.from({ length: HASH_BLOCK_BYTES }, (_, index) => (key[index] ?? 0) ^ pad)
  const inner = sha256(concatBytes([padded(0x36), message]))
  return sha256(concatBytes([padded(0x5c), inner]))
}

function bindingBytes(kind: string, binding: ExchangeBinding): Uint8Array {
  const parts = [
    fromHex(binding.mesh),
    publicKeyOf(binding.joiner),
    publicKeyOf(binding.inviter),
    binding.joinerNonce,
    binding.inviterNonce,
  ]
  // Every part has a fixed length, so that no two bindings give the same bytes.
  return signable(kind, concatBytes(parts.map((part) => part ?? utf8(''))))
}
