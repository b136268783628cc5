/**
 * The score of one device as everybody computes it, and as it is certified.
 *
 * @module
 */

import { bytes, encodeShape, flag, record, type ShapeOf, uint } from '../core/cbor-shape.ts'
import { peerId } from '../core/id-shapes.ts'
import { ceilingMicros } from './attested.ts'
import type { Result } from './errors.ts'
import { EPOCH_MAX, HASH_BYTES, MICROS, SCORE_BYTES_MAX, TRUST_VERSION } from './limits.ts'
import { auditFactorQ16, type AuditCounts } from './standing.ts'
import { decodeVersioned, version } from './versioned.ts'

const SCORE = record({
  v: version(),
  epoch: uint(EPOCH_MAX),
  device: peerId(),
  domain: bytes(HASH_BYTES),
  /** The score, in millionths, and what it is made of. */
  micros: uint(MICROS),
  floorMicros: uint(MICROS),
  ceilingMicros: uint(MICROS),
  standingMicros: uint(MICROS),
  /** In 65,536ths. */
  auditFactorQ16: uint(65_536),
  faulted: flag(),
})

export type Score = Omit<ShapeOf<typeof SCORE>, 'v'>

/** What a score follows from. */
export interface ScoreParts {
  readonly floorMicros: number
  readonly standingMicros: number
  readonly audits: AuditCounts
  readonly faulted: boolean
}

/** `faulted ? 0 : (floor + (ceiling − floor) · standing) · auditFactor`, in millionths, rounded down. */
export function scoreMicros(parts: ScoreParts): number {
  if (parts.faulted) return 0
  const { floorMicros: floor, standingMicros } = parts
  const raised = Math.floor(((ceilingMicros(floor) - floor) * standingMicros) / MICROS)
  return Math.floor(((floor + raised) * auditFactorQ16(parts.audits)) / 65_536)
}

/** The one encoding of a score: a leaf of the tree whose root is certified. */
export function encodeScore(score: Score): Uint8Array {
  return encodeShape(SCORE, { v: TRUST_VERSION, ...score })
}

export function decodeScore(encoded: Uint8Array): Result<Score> {
  return decodeVersioned(SCORE, encoded, SCORE_BYTES_MAX)
}
