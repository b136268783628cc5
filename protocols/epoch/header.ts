/**
 * What a committee decides of an epoch: roots over everything that is in it, and over what follows from it.
 *
 * @module
 */

import { bytes, encodeShape, record, type ShapeOf, uint } from '../../core/cbor-shape.ts'
import { accept, type Result } from './errors.ts'
import { EPOCH_MAX, EPOCH_VERSION, HASH_BYTES, VALUE_BYTES_MAX } from './limits.ts'
import { decodeVersioned } from './versioned.ts'

const HEADER = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
  /** Hash of the header of the epoch before; of the genesis, for the first. */
  parent: bytes(HASH_BYTES),
  /** When statements were no longer taken, in milliseconds since 1970. */
  cutWallMs: uint(),
  statements: uint(),
  /** Devices with a score: without it, a path could be told of a tree of another size. */
  scores: uint(),
  /** RFC 9162 roots, over the ids of statements in order, of evidence, after it audits, words about owners, a restart, a change and what was seen of hardware, and over scores. */
  statementRoot: bytes(HASH_BYTES),
  evidenceRoot: bytes(HASH_BYTES),
  scoresRoot: bytes(HASH_BYTES),
  /** Root over what the scores were computed from. */
  graphRoot: bytes(HASH_BYTES),
  /** Hashes of the committees of this epoch and of the two after it. */
  committee: bytes(HASH_BYTES),
  next: bytes(HASH_BYTES),
  afterNext: bytes(HASH_BYTES),
  beacon: bytes(HASH_BYTES),
  /** Hash of the parameters of the mesh in this epoch. */
  parameters: bytes(HASH_BYTES),
})

export type Header = Omit<ShapeOf<typeof HEADER>, 'v'>

/** The one encoding of a header: the value that is decided on. */
export function encodeHeader(header: Header): Uint8Array {
  return encodeShape(HEADER, { v: EPOCH_VERSION, ...header })
}

export function decodeHeader(value: Uint8Array): Result<Header> {
  const decoded = decodeVersioned(HEADER, value, VALUE_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const { v: _, ...header } = decoded.value
  return accept(header)
}
