/**
 * What ties evidence to one device, one question and one kind: the bytes in its hardware-signed field.
 *
 * Everything that must not be exchanged stands inside, length-prefixed by its encoding and
 * under a name of its own, so that evidence of one kind or for one verifier is none for another.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { encodeCbor } from '../core/canonical-cbor.ts'
import type { PeerId } from '../core/ids.ts'
import type { EvidenceKind } from './verified.ts'

export interface BindingInit {
  readonly kind: EvidenceKind
  /** The device that the evidence is about. */
  readonly attester: PeerId
  /** Who asked; null where one piece of evidence answers everybody, in an epoch. */
  readonly verifier: PeerId | null
  /** 32 bytes: the nonce of the verifier, or the id of the epoch. */
  readonly nonce: Uint8Array
  /** SHA-256 of the secret that was sent to the TPM, encrypted for its endorsement key; null for other kinds. */
  readonly secretHash: Uint8Array | null
}

/** Report data of confidential guests has 64 bytes, every other field holds 32. */
const WIDE: ReadonlySet<EvidenceKind> = new Set(['sev-snp', 'sgx', 'tdx', 'nitro'])

/** SHA-256 or, where there is room for it, SHA-512 over all of `init`. */
export function bindingBytes(init: BindingInit): Uint8Array {
  const { kind, attester, verifier, nonce, secretHash } = init
  const message = encodeCbor([
    'brume/attest-binding/v1',
    kind,
    attester,
    verifier,
    nonce,
    secretHash,
  ])
  const digest = createHash(WIDE.has(kind) ? 'sha512' : 'sha256')
    .update(message)
    .digest()
  return new Uint8Array(digest)
}
