/**
 * Records that begin with the version of the format.
 *
 * @module
 */

import { decodeCbor } from '../core/canonical-cbor.ts'
import { decodeShape, type Shape, uint } from '../core/cbor-shape.ts'
import { accept, refuse, type Result } from './errors.ts'
import { LEDGER_VERSION } from './limits.ts'

/** The first field of every record of this room. */
export const version = (): Shape<number> => uint(LEDGER_VERSION)

/**
 * Decodes a record whose first field is its version, and tells one of the future from a broken one.
 *
 * @param bytesMax - Longer ones are refused unread.
 */
export function decodeVersioned<T extends { readonly v: number }>(
  shape: Shape<T>,
  bytes: Uint8Array,
  bytesMax: number,
): Result<T> {
  if (bytes.length > bytesMax) {
    return refuse(
      'LEDGER_TOO_LONG',
      `expected a record of at most ${bytesMax} bytes, got ${bytes.length}`,
    )
  }
  const decoded = decodeShape(shape, bytes)
  if (decoded.type === 'value' && decoded.value.v === LEDGER_VERSION) return accept(decoded.value)
  const later = versionOf(bytes)
  if (later !== undefined && later !== LEDGER_VERSION) {
    return refuse(
      'LEDGER_VERSION_UNSUPPORTED',
      `expected version ${LEDGER_VERSION}, got version ${later}`,
    )
  }
  return refuse('LEDGER_MALFORMED', decoded.type === 'refused' ? decoded.reason : 'no version')
}

function versionOf(bytes: Uint8Array): number | undefined {
  const decoded = decodeCbor(bytes)
  if (decoded.type === 'refused' || !Array.isArray(decoded.value)) return undefined
  const [first] = decoded.value as readonly unknown[]
  return typeof first === 'number' ? first : undefined
}
