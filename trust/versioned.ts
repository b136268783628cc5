/**
 * Records that begin with the version of the format.
 *
 * @module
 */

import { decodeCbor } from '../core/canonical-cbor.ts'
import { decodeShape, type Shape, uint } from '../core/cbor-shape.ts'
import { accept, refuse, type Result } from './errors.ts'
import { TRUST_VERSION } from './limits.ts'

/** The first field of every record of this room. */
export const version = (): Shape<number> => uint(TRUST_VERSION)

/** Decodes a record of at most `bytesMax` bytes, and tells one of the future from a broken one. */
export function decodeVersioned<T extends { readonly v: number }>(
  shape: Shape<T>,
  bytes: Uint8Array,
  bytesMax: number,
): Result<T> {
  if (bytes.length > bytesMax) {
    return refuse('TRUST_TOO_LONG', `expected at most ${bytesMax} bytes, got ${bytes.length}`)
  }
  const decoded = decodeShape(shape, bytes)
  if (decoded.type === 'value' && decoded.value.v === TRUST_VERSION) return accept(decoded.value)
  const later = decodeCbor(bytes)
  const first =
    later.type === 'value' && Array.isArray(later.value) ? (later.value[0] as unknown) : 0
  return typeof first === 'number' && first > TRUST_VERSION
    ? refuse('TRUST_VERSION_UNSUPPORTED', `expected version ${TRUST_VERSION}, got ${first}`)
    : refuse('TRUST_MALFORMED', decoded.type === 'refused' ? decoded.reason : 'no version')
}
