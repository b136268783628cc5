/**
 * How an audit ended, as others are told: the receipt of the work, and the verdicts that judge it.
 *
 * What the receipt says is the driver's to read; that the provider signed it is what keeps anybody from having
 * work audited that was never done.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  record,
  type ShapeOf,
  uint,
} from '../../core/cbor-shape.ts'
import { accept, refuse, type Result } from './errors.ts'
import { AUDIT_VERSION, PROOF_BYTES_MAX, RECEIPT_BYTES_MAX, TOLD_BYTES_MAX } from './limits.ts'

const TOLD = record({
  v: uint(AUDIT_VERSION),
  /** The signed stage receipt whose hash is the task. */
  receipt: bytes(1, RECEIPT_BYTES_MAX),
  /** Verdicts, as `encodeAuditProof` writes them. */
  proof: bytes(1, PROOF_BYTES_MAX),
})

export type ToldAudit = Omit<ShapeOf<typeof TOLD>, 'v'>

/** At most {@link TOLD_BYTES_MAX} bytes. */
export function encodeToldAudit(told: ToldAudit): Uint8Array {
  return encodeShape(TOLD, { v: AUDIT_VERSION, ...told })
}

/** Reads the outer form only; the verdicts are opened by `openAuditProof`. */
export function decodeToldAudit(encoded: Uint8Array): Result<ToldAudit> {
  if (encoded.length > TOLD_BYTES_MAX) {
    return refuse('AUDIT_VERDICT_MALFORMED', `expected at most ${TOLD_BYTES_MAX} bytes`)
  }
  const decoded = decodeShape(TOLD, encoded)
  if (decoded.type === 'refused') return refuse('AUDIT_VERDICT_MALFORMED', decoded.reason)
  const { v, ...told } = decoded.value
  return v === AUDIT_VERSION
    ? accept(told)
    : refuse('AUDIT_VERDICT_UNSUPPORTED', `expected version ${AUDIT_VERSION}`)
}
