/**
 * What a witness signs: that it holds a head of another device's ledger, and none that contradicts it.
 *
 * As in C2SP's tlog-witness, except that the incarnation is part of it: of a device that lost
 * entries and said so, a witness holds one head for each incarnation.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import { bytes, encodeShape, record, type ShapeOf, uint } from '../core/cbor-shape.ts'
import type { Signer } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { type SignedRecord, signedRecord } from '../core/signed-record.ts'
import { refuse, type Result } from './errors.ts'
import type { Head } from './head.ts'
import { COSIGNATURE_BODY_BYTES_MAX, LEDGER_VERSION } from './limits.ts'
import { HASH_BYTES, isSigned, type LedgerContext, signBody } from './signing.ts'
import { decodeVersioned, version } from './versioned.ts'

const COSIGNATURE = record({
  v: version(),
  log: bytes(HASH_BYTES),
  incarnation: uint(),
  size: uint(),
  root: bytes(HASH_BYTES),
  /** Wall clock of the witness, in milliseconds. */
  wallMs: uint(),
})

export type Cosignature = Omit<ShapeOf<typeof COSIGNATURE>, 'v'>

/** A cosignature as it travels and is kept. */
export const SIGNED_COSIGNATURE = signedRecord(COSIGNATURE_BODY_BYTES_MAX)

/** Signs that the witness holds `head`; it keeps that on its disk before it calls this. */
export function signCosignature(
  context: LedgerContext,
  witness: Signer,
  { log, incarnation, size, root }: Head,
  wallMs: number,
): SignedRecord {
  const body = { v: LEDGER_VERSION, log, incarnation, size, root, wallMs }
  return signBody(context, witness, 'cosignature', encodeShape(COSIGNATURE, body))
}

/** The cosignature, when `witness` signed it. */
export function openCosignature(
  context: LedgerContext,
  witness: PeerId,
  signed: SignedRecord,
): Result<Cosignature> {
  const decoded = decodeVersioned(COSIGNATURE, signed.body, COSIGNATURE_BODY_BYTES_MAX)
  if (decoded.type === 'refused' || isSigned(context, witness, 'cosignature', signed)) {
    return decoded
  }
  return refuse('LEDGER_SIGNATURE_INVALID', 'expected a cosignature by its witness')
}

/** True when it is about `head`. */
export function isCosignatureOf(cosignature: Cosignature, head: Head): boolean {
  const { log, incarnation, size, root } = cosignature
  const same = incarnation === head.incarnation && size === head.size
  return same && bytesEqual(log, head.log) && bytesEqual(root, head.root)
}
