/**
 * Certified headers as a file, one after the other: what leads a light client from one that it trusts to later ones.
 *
 * @module
 */

import { decodeShape, encodeShape, list, record, uint } from '../../core/cbor-shape.ts'
import { SIGNED_HEADER, type SignedHeader } from '../../protocols/epoch/index.ts'

const VERSION = 1
/** More than skipping takes for the whole of a trusting period. */
export const FILE_HEADERS_MAX = 4_096
/** Headers of the largest committees, at most so many. */
export const HEADER_FILE_BYTES_MAX = 33_554_432

const HEADER_FILE = record({ v: uint(VERSION), headers: list(SIGNED_HEADER, FILE_HEADERS_MAX) })

export function encodeHeaderFile(headers: readonly SignedHeader[]): Uint8Array {
  return encodeShape(HEADER_FILE, { v: VERSION, headers })
}

/** The headers, without a look at who decided them; undefined for what is no such file. */
export function decodeHeaderFile(encoded: Uint8Array): readonly SignedHeader[] | undefined {
  if (encoded.length > HEADER_FILE_BYTES_MAX) return undefined
  const decoded = decodeShape(HEADER_FILE, encoded)
  return decoded.type === 'value' && decoded.value.v === VERSION ? decoded.value.headers : undefined
}
