/**
 * The signed top of a ledger: what its device stands by, one for each time that it wrote.
 *
 * Two heads of one log and one incarnation are consistent, or their device is at fault
 * (equivocation.ts). Size and root are those of a C2SP checkpoint.
 *
 * @module
 */

import { bytes, encodeShape, record, type ShapeOf, uint } from '../core/cbor-shape.ts'
import type { Signer } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { type SignedRecord, signedRecord } from '../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { HEAD_BODY_BYTES_MAX, LEDGER_VERSION } from './limits.ts'
import { HASH_BYTES, isSigned, type LedgerContext, signBody } from './signing.ts'
import { decodeVersioned, version } from './versioned.ts'

const HEAD = record({
  v: version(),
  log: bytes(HASH_BYTES),
  /** Entries under it, at least one. */
  size: uint(),
  /** RFC 9162 root over them. */
  root: bytes(HASH_BYTES),
  /** Wall clock of the device, in milliseconds. */
  wallMs: uint(),
  /** The last epoch that the device saw certified; 0 for none. */
  epochSeen: uint(),
  /** 0 until the first rollover; greater after each. */
  incarnation: uint(),
})

export type Head = Omit<ShapeOf<typeof HEAD>, 'v'>

/** A head as it travels and is kept. */
export const SIGNED_HEAD = signedRecord(HEAD_BODY_BYTES_MAX)

export function signHead(context: LedgerContext, signer: Signer, head: Head): SignedRecord {
  return signBody(context, signer, 'head', encodeShape(HEAD, { v: LEDGER_VERSION, ...head }))
}

/** The head, without a look at its signature. */
export function decodeHead(signed: SignedRecord): Result<Head> {
  const decoded = decodeVersioned(HEAD, signed.body, HEAD_BODY_BYTES_MAX)
  if (decoded.type === 'value' && decoded.value.size === 0) {
    return refuse('LEDGER_MALFORMED', 'expected a head over at least one entry')
  }
  return decoded
}

/** The head, when `author` signed it. */
export function openHead(
  context: LedgerContext,
  author: PeerId,
  signed: SignedRecord,
): Result<Head> {
  const decoded = decodeHead(signed)
  if (decoded.type === 'refused') return decoded
  if (!isSigned(context, author, 'head', signed)) {
    return refuse('LEDGER_SIGNATURE_INVALID', 'expected a head signed by the device of the log')
  }
  return accept(decoded.value)
}
