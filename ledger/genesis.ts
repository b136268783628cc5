/**
 * The entries that say which log this is: the first one, and each that begins a new incarnation.
 *
 * The first follows from the mesh and the device alone, so that everybody can compute the id of
 * anybody's log. A device that was restored from an old copy, and cannot get back what it wrote
 * since, begins a new incarnation: what it signs from then on is compared with nothing before.
 *
 * @module
 */

import { bytes, encodeShape, optional, record, type ShapeOf, uint } from '../core/cbor-shape.ts'
import type { Sha256 } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { SIGNATURE_BYTES } from '../core/crypto.ts'
import type { Result } from './errors.ts'
import { ENTRY_BODY_BYTES_MAX, HEAD_BODY_BYTES_MAX, LEDGER_VERSION } from './limits.ts'
import { HASH_BYTES } from './signing.ts'
import { decodeVersioned, version } from './versioned.ts'

const GENESIS = record({ v: version(), network: bytes(HASH_BYTES), device: peerId() })

/** The body of the first entry of `device` in the mesh `network`. */
export function genesisBody(network: Uint8Array, device: PeerId): Uint8Array {
  return encodeShape(GENESIS, { v: LEDGER_VERSION, network, device })
}

/** The id of the log of `device` in the mesh `network`: the hash of its first entry's body. */
export function logIdOf(sha256: Sha256, network: Uint8Array, device: PeerId): Uint8Array {
  return sha256(genesisBody(network, device))
}

/** Why a device began a new incarnation. */
export const ROLLOVER_REASONS = {
  /** Peers hold a later head of this log, and none the entries under it. */
  'entries lost': 0,
  /** The store is a copy, or was behind what peers hold: somebody else may hold more still. */
  restored: 1,
} as const

const ROLLOVER = record({
  v: version(),
  /** The new incarnation, greater than the last: {@link nextIncarnation}. */
  incarnation: uint(),
  /** Entries of the log before this one. */
  size: uint(),
  reason: uint(255),
  /** The latest head of the incarnation before that the device heard of. */
  lastKnown: optional(
    record({ body: bytes(1, HEAD_BODY_BYTES_MAX), signature: bytes(SIGNATURE_BYTES) }),
  ),
})

/**
 * The number of a new incarnation: greater than all that are known, and not one that was ever used.
 *
 * A device that is restored from the same copy twice knows of neither of the incarnations that it
 * began before. Time and chance keep them apart, where counting would give both one number.
 *
 * @param known - The greatest incarnation that anybody told of.
 * @param fraction - A draw from [0, 1).
 */
export function nextIncarnation(known: number, wallMs: number, fraction: number): number {
  const drawn = Math.floor(wallMs) * DRAWS_PER_MS + Math.floor(fraction * DRAWS_PER_MS)
  return Math.max(known + 1, drawn)
}

/** With it, milliseconds since 1970 stay below 2^53 until the year 2255. */
const DRAWS_PER_MS = 1_000

export type Rollover = Omit<ShapeOf<typeof ROLLOVER>, 'v'>

export function rolloverBody(rollover: Rollover): Uint8Array {
  return encodeShape(ROLLOVER, { v: LEDGER_VERSION, ...rollover })
}

export function decodeRollover(body: Uint8Array): Result<Rollover> {
  return decodeVersioned(ROLLOVER, body, ENTRY_BODY_BYTES_MAX)
}
