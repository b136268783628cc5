/**
 * Records that begin with the version of the format.
 *
 * @module
 */

import { type CborValue, decodeCbor } from '../../core/canonical-cbor.ts'
import { decodeShape, type Shape } from '../../core/cbor-shape.ts'
import { accept, refuse, type Result } from './errors.ts'
import { EPOCH_VERSION } from './limits.ts'

/** The fields of a record, unread, when its version is known; nothing longer is looked at. */
export function openVersioned(encoded: Uint8Array, bytesMax: number): Result<readonly CborValue[]> {
  if (encoded.length > bytesMax) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${bytesMax} bytes`)
  }
  const decoded = decodeCbor(encoded)
  if (decoded.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', decoded.reason)
  const fields = Array.isArray(decoded.value) ? (decoded.value as readonly CborValue[]) : []
  if (typeof fields[0] !== 'number') return refuse('EPOCH_MESSAGE_MALFORMED', 'expected a version')
  return fields[0] === EPOCH_VERSION
    ? accept(fields)
    : refuse('EPOCH_VERSION_UNSUPPORTED', `expected version ${EPOCH_VERSION}`)
}

/** A record of at most `bytesMax` bytes, told apart from one of a version to come. */
export function decodeVersioned<T>(
  shape: Shape<T>,
  encoded: Uint8Array,
  bytesMax: number,
): Result<T> {
  const opened = openVersioned(encoded, bytesMax)
  if (opened.type === 'refused') return opened
  const decoded = decodeShape(shape, encoded)
  return decoded.type === 'value'
    ? accept(decoded.value)
    : refuse('EPOCH_MESSAGE_MALFORMED', decoded.reason)
}
