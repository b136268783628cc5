/**
 * What a seat must still know after a crash: how far it was, what it is bound by, and what it has signed.
 *
 * It is on disk before anything that it holds is sent. A seat whose record is lost cannot know
 * what it promised, and abstains.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type ShapeOf,
  uint,
} from '../../core/cbor-shape.ts'
import { CERTIFICATE_SHAPE } from './certificate.ts'
import {
  ABSTAIN_EPOCHS,
  ANSWERS_KEPT_MAX,
  EPOCH_MAX,
  EPOCH_VERSION,
  HASH_BYTES,
  ROUND_MAX,
  SEATS_MAX,
  VALUE_BYTES_MAX,
  VOTE_RECORD_BYTES_MAX,
} from './limits.ts'
import { VOTE_SHAPE } from './vote.ts'

const BOUND = record({ round: uint(ROUND_MAX), value: bytes(1, VALUE_BYTES_MAX) })
const CAST = record({ value: optional(bytes(HASH_BYTES)) })

const VOTE_RECORD = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
  round: uint(ROUND_MAX),
  /** What it precommitted, and the latest value that it saw a polka for. */
  locked: optional(BOUND),
  valid: optional(BOUND),
  /** What it signed in this round. */
  proposed: optional(
    record({ value: bytes(1, VALUE_BYTES_MAX), validRound: optional(uint(ROUND_MAX)) }),
  ),
  prevote: optional(CAST),
  precommit: optional(CAST),
  /** Polkas with which it can answer for what it signed before. */
  answers: list(CERTIFICATE_SHAPE, ANSWERS_KEPT_MAX),
  /** The precommits of the round before, whatever they are for, that let it into this one. */
  way: list(VOTE_SHAPE, SEATS_MAX),
})

export type VoteRecord = Omit<ShapeOf<typeof VOTE_RECORD>, 'v'>

export function encodeVoteRecord(votes: VoteRecord): Uint8Array {
  return encodeShape(VOTE_RECORD, { v: EPOCH_VERSION, ...votes })
}

/** The record; undefined when the bytes are none. */
export function decodeVoteRecord(encoded: Uint8Array): VoteRecord | undefined {
  if (encoded.length > VOTE_RECORD_BYTES_MAX) return undefined
  const decoded = decodeShape(VOTE_RECORD, encoded)
  if (decoded.type === 'refused' || decoded.value.v !== EPOCH_VERSION) return undefined
  const { v: _, ...votes } = decoded.value
  return votes
}

/** What a seat may do in an epoch, by what it finds on its disk. */
export type Standpoint =
  /** It has not voted in this epoch. */
  | { readonly type: 'free' }
  /** It has, and goes on from there. */
  | { readonly type: 'bound'; readonly record: VoteRecord }
  /** It may have, and cannot know: it abstains in this and the epochs before `until`. The code says why. */
  | {
      readonly type: 'abstains'
      readonly until: number
      readonly code: 'EPOCH_VOTES_LOST' | 'EPOCH_TIME_INVALID'
    }

/** What a disk holds of a seat's votes. */
export interface StoredVotes {
  /** The last epoch that this device had a seat in; undefined when it never had one. Else there must be a record. */
  readonly seatedIn: number | undefined
  readonly record: Uint8Array | undefined
  /** The end of an abstention that is under way; 0 for none. */
  readonly abstainsUntil: number
}

/**
 * Decides what a seat may do in `epoch`.
 *
 * A record of an epoch to come is a clock that was set back: what was signed then stays signed, so
 * the seat waits for that epoch.
 */
export function standpointOf(epoch: number, network: Uint8Array, stored: StoredVotes): Standpoint {
  // A disk that lost its votes may have lost its epochs as well: `epoch` is where it begins to follow again.
  const lost = {
    type: 'abstains',
    until: Math.max(epoch, stored.seatedIn ?? 0) + ABSTAIN_EPOCHS,
    code: 'EPOCH_VOTES_LOST',
  } as const
  if (epoch < stored.abstainsUntil) return { ...lost, until: stored.abstainsUntil }
  if (stored.record === undefined) return stored.seatedIn === undefined ? { type: 'free' } : lost
  const votes = decodeVoteRecord(stored.record)
  if (votes === undefined || !bytesEqual(votes.network, network)) return lost
  if (votes.epoch > epoch) return { ...lost, until: votes.epoch, code: 'EPOCH_TIME_INVALID' }
  return votes.epoch < epoch ? { type: 'free' } : { type: 'bound', record: votes }
}
