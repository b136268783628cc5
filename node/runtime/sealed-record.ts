/**
 * Records that are believed after a restart only where no bit of them has changed.
 *
 * What a device kept of its tests decides what it says of itself later: a record that is damaged and still can be
 * decoded would be a false proof.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { bytesEqual, concatBytes } from '../../core/bytes.ts'
import { decodeShape, encodeShape, type Shape } from '../../core/cbor-shape.ts'

const SEAL_BYTES = 32

/** SHA-256 of the record, then the record. */
export function sealedRecord<T>(shape: Shape<T>, value: T): Uint8Array {
  const record = encodeShape(shape, value)
  return concatBytes([sha256(record), record])
}

/** The record of {@link sealedRecord}; undefined of one that is damaged or of another shape. */
export function openedRecord<T>(shape: Shape<T>, sealed: Uint8Array): T | undefined {
  const record = sealed.subarray(SEAL_BYTES)
  if (!bytesEqual(sha256(record), sealed.subarray(0, SEAL_BYTES))) return undefined
  const decoded = decodeShape(shape, record)
  return decoded.type === 'value' ? decoded.value : undefined
}

function sha256(content: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(content).digest())
}
