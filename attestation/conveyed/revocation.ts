/**
 * A call to ask a device again: something is not as it was when it was appraised.
 *
 * It is never believed by itself: whoever hears it asks the device, and believes the evidence.
 *
 * @module
 */

import {
  decodeShape,
  encodeShape,
  record,
  type ShapeOf,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import { peerId } from '../../core/id-shapes.ts'
import { isSignedBy, signedRecord, signRecord } from '../../core/signed-record.ts'
import { demand, refuse } from '../errors.ts'

/** Why a device is to be asked again. */
export const REVOCATION_REASONS = [
  /** Its registers are others than before. */
  'registers-changed',
  /** It was started again. */
  'restarted',
  /** Its clock, or its count of starts, went backwards. */
  'clock-back',
  /** It reaches a lower tier than before. */
  'tier-lower',
  /** An operator says so. */
  'operator',
] as const

const BODY_BYTES_MAX = 256
const body = record({
  attester: peerId(),
  /** Who calls; the device itself where it notices first. */
  by: peerId(),
  reason: word(...REVOCATION_REASONS),
  /** In milliseconds since 1970. */
  atMs: uint(),
})
const KIND = 'attest-revocation'
const signed = signedRecord(BODY_BYTES_MAX)

export type Revocation = ShapeOf<typeof body>
export type RevocationReason = Revocation['reason']

export function signRevocation(signer: Signer, call: Omit<Revocation, 'by'>): Uint8Array {
  const encoded = encodeShape(body, { ...call, by: signer.peer })
  return encodeShape(signed, signRecord(signer, KIND, encoded))
}

/** @throws {AttestationError} `REVOCATION_MALFORMED`. */
export function readRevocation(encoded: Uint8Array, verify: Verify): Revocation {
  const outer = decodeShape(signed, encoded)
  if (outer.type === 'refused') refuse('REVOCATION_MALFORMED', outer.reason)
  const inner = decodeShape(body, outer.value.body)
  if (inner.type === 'refused') refuse('REVOCATION_MALFORMED', inner.reason)
  const holds = isSignedBy(verify, inner.value.by, KIND, outer.value)
  demand(holds, 'REVOCATION_MALFORMED', 'not signed by whoever calls')
  return inner.value
}
