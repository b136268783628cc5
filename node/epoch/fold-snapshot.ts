/**
 * What follows from all epochs up to one, as it is kept: a start need not fold them all again.
 *
 * It is this device's own word to itself, and believed as far as the roots of the certified header go; what does
 * not fit is folded again from the first epoch on.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  flag,
  list,
  optional,
  record,
  type ShapeOf,
  text,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import { peerId } from '../../core/id-shapes.ts'
import { EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import { PACKED_TRUST, TRUST_LIMITS } from '../../trust/index.ts'

/** A change of what is folded, or how, is a new version: scores of before would not follow any more. */
const SNAPSHOT_VERSION = 6

const { HASH_BYTES, EPOCH_MAX, SEATS_MAX, EVIDENCE_BYTES_MAX, FLOOR_MICROS_MAX } = EPOCH_LIMITS
const DEVICES_MAX = 2 ** 22
const AUDITORS_MAX = 8
const COUNT_MAX = 2 ** 32 - 1

const AUDIT = record({
  task: bytes(HASH_BYTES),
  provider: peerId(),
  requester: peerId(),
  auditors: list(peerId(), AUDITORS_MAX),
  passed: flag(),
  epoch: uint(EPOCH_MAX),
  countedEpoch: uint(EPOCH_MAX),
})

const AUDITS = record({
  draws: list(
    record({
      epoch: uint(EPOCH_MAX),
      beacon: bytes(HASH_BYTES),
      /** By number: a device, who speaks for it, a device, … */
      present: list(uint(DEVICES_MAX), 2 * DEVICES_MAX),
    }),
    COUNT_MAX,
  ),
  recent: list(AUDIT, COUNT_MAX),
  named: list(AUDIT, COUNT_MAX),
  /** Of the next epoch. */
  epoch: uint(EPOCH_MAX),
})

const TIE = record({
  device: peerId(),
  number: uint(TRUST_LIMITS.OWNER_CHANGES_MAX),
  owner: optional(peerId()),
  since: uint(EPOCH_MAX),
  before: optional(peerId()),
})

const ACCUSATIONS = record({
  next: uint(EPOCH_MAX),
  committees: list(
    record({ epoch: uint(EPOCH_MAX), committee: list(peerId(), SEATS_MAX) }),
    COUNT_MAX,
  ),
  held: list(
    record({
      proof: bytes(1, EVIDENCE_BYTES_MAX),
      state: word('open', 'answered', 'proven'),
      heard: uint(COUNT_MAX),
    }),
    COUNT_MAX,
  ),
})

/** Devices that left, and the epoch that the last word of each names. */
const DEPARTURES = list(record({ device: peerId(), epoch: uint(EPOCH_MAX) }), DEVICES_MAX)

const SNAPSHOT = record({
  v: uint(SNAPSHOT_VERSION),
  /** The last epoch that is in, and the hash of its header. */
  epoch: uint(EPOCH_MAX),
  header: bytes(HASH_BYTES),
  trust: PACKED_TRUST,
  speakers: list(
    record({
      owner: peerId(),
      epoch: uint(EPOCH_MAX),
      lively: uint(COUNT_MAX),
      floorMicros: uint(FLOOR_MICROS_MAX),
      vendor: text(EPOCH_LIMITS.VENDOR_LENGTH_MAX),
      floorEpoch: uint(EPOCH_MAX),
    }),
    DEVICES_MAX,
  ),
  lively: uint(COUNT_MAX),
  begun: uint(EPOCH_MAX),
  next: list(peerId(), SEATS_MAX),
  afterNext: list(peerId(), SEATS_MAX),
  audits: AUDITS,
  accusations: ACCUSATIONS,
  departures: DEPARTURES,
  /** Devices that ever changed their owner. */
  owners: list(TIE, DEVICES_MAX),
  /** Parameters that the mesh has agreed on since its foundation. */
  changes: list(
    record({ epoch: uint(EPOCH_MAX), parameters: bytes(1, EPOCH_LIMITS.PARAMETERS_BYTES_MAX) }),
    EPOCH_LIMITS.CHANGES_MAX,
  ),
})

export type PackedAudits = ShapeOf<typeof AUDITS>
/** Devices that were heard of, and how many epochs were lively. */
export type PackedSpeakers = Pick<PackedFold, 'speakers' | 'lively'>
export type PackedDepartures = ShapeOf<typeof DEPARTURES>
export type PackedAccusations = ShapeOf<typeof ACCUSATIONS>

/** All that a fold is made of. */
export type PackedFold = Omit<ShapeOf<typeof SNAPSHOT>, 'v' | 'header'>

/** A fold, and the header that it leads to. */
export type FoldSnapshot = Omit<ShapeOf<typeof SNAPSHOT>, 'v'>

export function encodeSnapshot(snapshot: FoldSnapshot): Uint8Array {
  return encodeShape(SNAPSHOT, { v: SNAPSHOT_VERSION, ...snapshot })
}

/** The snapshot; undefined for bytes that are none of this version. */
export function decodeSnapshot(encoded: Uint8Array): FoldSnapshot | undefined {
  const decoded = decodeShape(SNAPSHOT, encoded)
  if (decoded.type === 'refused' || decoded.value.v !== SNAPSHOT_VERSION) return undefined
  const { v: _, ...snapshot } = decoded.value
  return snapshot
}
