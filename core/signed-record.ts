/**
 * A record and the signature under it, which holds for one kind of record only.
 *
 * What is signed is `"brume/<kind>/v1\0"` and then the body, so that a signature
 * under one kind of record never stands under another.
 *
 * @module
 */

import { concatBytes, utf8 } from './bytes.ts'
import { bytes, record, type Shape } from './cbor-shape.ts'
import { type Signer, SIGNATURE_BYTES, type Verify } from './crypto.ts'
import type { PeerId } from './ids.ts'

export interface SignedRecord {
  /** Canonical CBOR, kept as it was signed. */
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

/** The bytes that are signed for a record of `kind`. */
export function signable(kind: string, body: Uint8Array): Uint8Array {
  return concatBytes([utf8(`brume/${kind}/v1\0`), body])
}

/** Signs `body` as a record of `kind`. */
export function signRecord(signer: Signer, kind: string, body: Uint8Array): SignedRecord {
  return { body, signature: signer.sign(signable(kind, body)) }
}

/** True when `peer` signed this record as one of `kind`. */
export function isSignedBy(
  verify: Verify,
  peer: PeerId,
  kind: string,
  signed: SignedRecord,
): boolean {
  return verify(peer, signable(kind, signed.body), signed.signature)
}

/** A signed record whose body takes at most `bodyBytesMax` bytes. */
export function signedRecord(bodyBytesMax: number): Shape<SignedRecord> {
  return record({ body: bytes(1, bodyBytesMax), signature: bytes(SIGNATURE_BYTES) })
}
