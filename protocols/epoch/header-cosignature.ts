/**
 * What a witness signs of a certified header: that it holds it, and no other one of that epoch.
 *
 * A mesh of one to three seats can write its epochs twice when its devices are restored or lie; whoever is outside
 * of it and has signed one of the two cannot be shown the other. Semantics of C2SP's tlog-cosignature, with headers
 * for checkpoints.
 *
 * @module
 */

import { bytes, encodeShape, record, type ShapeOf, uint } from '../../core/cbor-shape.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  isSignedBy,
  type SignedRecord,
  signedRecord,
  signRecord,
} from '../../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { COSIGNATURE_BODY_BYTES_MAX, EPOCH_MAX, EPOCH_VERSION, HASH_BYTES } from './limits.ts'
import { decodeVersioned } from './versioned.ts'

const KIND = 'epoch-cosignature'

const COSIGNATURE = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
  /** Hash of the header. */
  header: bytes(HASH_BYTES),
  /** Wall clock of the witness, in milliseconds. */
  wallMs: uint(),
})

export type HeaderCosignature = Omit<ShapeOf<typeof COSIGNATURE>, 'v'>

/** A cosignature as it travels and is kept. */
export const SIGNED_HEADER_COSIGNATURE = signedRecord(COSIGNATURE_BODY_BYTES_MAX)

/** Signs that the witness holds a header; it keeps that on its disk before it calls this. */
export function signHeaderCosignature(witness: Signer, held: HeaderCosignature): SignedRecord {
  return signRecord(witness, KIND, encodeShape(COSIGNATURE, { v: EPOCH_VERSION, ...held }))
}

/** The cosignature, when `witness` signed it. */
export function openHeaderCosignature(
  verify: Verify,
  witness: PeerId,
  signed: SignedRecord,
): Result<HeaderCosignature> {
  const decoded = decodeVersioned(COSIGNATURE, signed.body, COSIGNATURE_BODY_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const { v: _, ...held } = decoded.value
  return isSignedBy(verify, witness, KIND, signed)
    ? accept(held)
    : refuse('EPOCH_SIGNATURE_INVALID', 'expected the signature of the witness')
}
