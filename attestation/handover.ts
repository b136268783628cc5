/**
 * Handover: a device gives the hardware that spoke for it to another of its owner's devices.
 *
 * One hardware speaks for one device. Whoever holds a key can say that it stops using a
 * hardware, so only the old device signs; that the new one has the hardware, its own evidence shows.
 *
 * @module
 */

import { decodeShape, encodeShape, record, uint } from '../core/cbor-shape.ts'
import type { Signer, Verify } from '../core/crypto.ts'
import { hexId, peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { isSignedBy, signedRecord, signRecord } from '../core/signed-record.ts'
import { demand, refuse } from './errors.ts'

export interface Handover {
  /** As claims name it, in hex. */
  readonly hardwareId: string
  readonly from: PeerId
  readonly to: PeerId
  /** In milliseconds since 1970. */
  readonly signedAtMs: number
}

/** Longest encoded handover. */
export const HANDOVER_BYTES_MAX = 512
const KIND = 'attest-handover'
const body = record({
  hardwareId: hexId<string>(32),
  from: peerId(),
  to: peerId(),
  signedAtMs: uint(),
})
const signed = signedRecord(HANDOVER_BYTES_MAX)

/** Signs that `signer` gives its hardware to another device. */
export function signHandover(signer: Signer, given: Omit<Handover, 'from'>): Uint8Array {
  const encoded = encodeShape(body, { ...given, from: signer.peer })
  return encodeShape(signed, signRecord(signer, KIND, encoded))
}

/** @throws {AttestationError} `SELF_HANDOVER`. */
export function readHandover(encoded: Uint8Array, verify: Verify): Handover {
  const outer = decodeShape(signed, encoded)
  if (outer.type === 'refused') refuse('SELF_HANDOVER', outer.reason)
  const inner = decodeShape(body, outer.value.body)
  if (inner.type === 'refused') refuse('SELF_HANDOVER', inner.reason)
  const holds = isSignedBy(verify, inner.value.from, KIND, outer.value)
  demand(holds, 'SELF_HANDOVER', 'not signed by the device that gives')
  return inner.value
}
