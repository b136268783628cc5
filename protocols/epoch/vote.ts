/**
 * What a seat signs: a vote of one of two kinds, for a value or for none, in one round.
 *
 * The signed words name no seat, so that all votes for one thing have the same, and a
 * certificate needs no more than signatures. Who signed is told by whose key verifies.
 *
 * @module
 */

import { bytes, encodeShape, optional, record, uint } from '../../core/cbor-shape.ts'
import { type Signer, SIGNATURE_BYTES, type Verify } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { signable } from '../../core/signed-record.ts'
import { EPOCH_MAX, EPOCH_VERSION, HASH_BYTES, ROUND_MAX } from './limits.ts'

export type VoteKind = 'prevote' | 'precommit'

/** The mesh and the epoch that everything here is about. */
export interface EpochContext {
  readonly network: Uint8Array
  readonly epoch: number
}

/** What a vote is for. */
export interface Ballot {
  readonly kind: VoteKind
  readonly round: number
  /** Hash of the value; undefined for none of them. */
  readonly value: Uint8Array | undefined
}

/** A ballot by a seat. */
export interface Vote extends Ballot {
  readonly seat: number
  readonly signature: Uint8Array
}

const BALLOT = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
  precommit: uint(1),
  round: uint(ROUND_MAX),
  value: optional(bytes(HASH_BYTES)),
})

const VOTE = record({
  precommit: uint(1),
  round: uint(ROUND_MAX),
  value: optional(bytes(HASH_BYTES)),
  seat: uint(255),
  signature: bytes(SIGNATURE_BYTES),
})

/** Votes as they stand in messages. */
export const VOTE_SHAPE = {
  write: ({ kind, ...vote }: Vote) => VOTE.write({ ...vote, precommit: kindNumber(kind) }),
  read: (value: Parameters<typeof VOTE.read>[0]): Vote => {
    const { precommit, ...vote } = VOTE.read(value)
    return { ...vote, kind: kindOf(precommit) }
  },
}

export function kindNumber(kind: VoteKind): number {
  return kind === 'precommit' ? 1 : 0
}

export function kindOf(number: number): VoteKind {
  return number === 1 ? 'precommit' : 'prevote'
}

/** The bytes that are signed for a ballot. */
export function ballotPreimage({ network, epoch }: EpochContext, ballot: Ballot): Uint8Array {
  const { kind, round, value } = ballot
  const precommit = kindNumber(kind)
  return signable(
    'epoch-vote',
    encodeShape(BALLOT, { v: EPOCH_VERSION, network, epoch, precommit, round, value }),
  )
}

export function signBallot(signer: Signer, context: EpochContext, ballot: Ballot): Uint8Array {
  return signer.sign(ballotPreimage(context, ballot))
}

/** True when `voter` signed this ballot. */
export function isBallotOf(
  verify: Verify,
  context: EpochContext,
  voter: PeerId,
  { signature, ...ballot }: Ballot & { readonly signature: Uint8Array },
): boolean {
  return verify(voter, ballotPreimage(context, ballot), signature)
}
