/**
 * Maps as CWT, COSE and Amazon's module have them; those with integer keys in the one order of deterministic encoding
 * (RFC 8949, section 4.2.1). Brume's own records have no maps: see core/canonical-cbor.ts.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import { type CborValue, encodeCbor } from '../../core/canonical-cbor.ts'

const NEGATIVE = 0x20
const MAP = 0xa0

/** The encoding of a map; keys are integers that stand in it once. */
export function encodeIntegerMap(
  entries: readonly (readonly [key: number, value: CborValue])[],
): Uint8Array {
  const pairs = entries
    .map(([key, value]) => ({ key: encodedInteger(key), value: encodeCbor(value) }))
    .toSorted((a, b) => Buffer.compare(a.key, b.key))
  return concatBytes([
    withMajor(MAP, encodeCbor(entries.length)),
    ...pairs.flatMap(({ key, value }) => [key, value]),
  ])
}

/** Values of {@link encodeTextMap}. */
export interface TextMap {
  readonly [name: string]: CborValue | TextMap
}

/** A map of texts, in the order in which they stand. */
export function encodeTextMap(map: TextMap): Uint8Array {
  const entries = Object.entries(map)
  return concatBytes([
    withMajor(MAP, encodeCbor(entries.length)),
    ...entries.flatMap(([name, value]) => [encodeCbor(name), encodeValue(value)]),
  ])
}

function encodeValue(value: CborValue | TextMap): Uint8Array {
  return isTextMap(value) ? encodeTextMap(value) : encodeCbor(value)
}

function isTextMap(value: CborValue | TextMap): value is TextMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  )
}

function encodedInteger(value: number): Uint8Array {
  return value >= 0 ? encodeCbor(value) : withMajor(NEGATIVE, encodeCbor(-1 - value))
}

/** An unsigned integer as the head of another major type. */
function withMajor(major: number, encoded: Uint8Array): Uint8Array {
  const [first = 0, ...rest] = encoded
  return Uint8Array.of(first | major, ...rest)
}
