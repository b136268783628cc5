/**
 * What the machine of an epoch is told, and what it wants done.
 *
 * @module
 */

import type { Crypto, Signer } from '../../core/crypto.ts'
import type { Decision } from './certificate.ts'
import type { EpochErrorCode } from './errors.ts'
import type { Accusation, DoubleProposal, DoubleVote } from './evidence.ts'
import type { EpochMessage } from './messages.ts'
import type { Committee } from './seats.ts'
import type { EpochContext } from './vote.ts'
import type { VoteRecord } from './vote-record.ts'

export type EpochInput =
  /** Begins, or goes on where the record of the votes ends. */
  | { readonly type: 'start' }
  /** `from` is whoever handed the message on, which need not be who signed it. */
  | { readonly type: 'message'; readonly from: string; readonly message: EpochMessage }
  /** What this seat wants decided, as it was asked for. */
  | { readonly type: 'built'; readonly round: number; readonly value: Uint8Array }
  /** Whether a proposal is one that this seat may vote for. */
  | {
      readonly type: 'checked'
      readonly round: number
      readonly value: Uint8Array
      readonly valid: boolean
    }
  /** The record is on disk, and will be there after a power cut. */
  | { readonly type: 'persisted'; readonly token: number }

export type EpochOutput =
  /** It is this seat's turn: answer with `built`. */
  | { readonly type: 'build'; readonly round: number }
  /**
   * Answer with `checked`. With a polka, more than a third of the honest seats found it fair: what one seat sees
   * otherwise than another, such as what came to it in time, is then no reason against it.
   */
  | {
      readonly type: 'check'
      readonly round: number
      readonly value: Uint8Array
      readonly hasPolka: boolean
    }
  /** Put the record in the place of the last one, and answer with `persisted`. */
  | { readonly type: 'persist'; readonly token: number; readonly record: Uint8Array }
  /** To all seats, or to one of them who is late. */
  | { readonly type: 'send'; readonly to: string | undefined; readonly message: EpochMessage }
  | { readonly type: 'decided'; readonly decision: Decision }
  | { readonly type: 'evidence'; readonly proof: DoubleVote }
  /** A seat proposed two things in one round. */
  | { readonly type: 'conflict'; readonly proof: DoubleProposal }
  /** Ask the accused for a polka: without an answer the accusation is a proof. */
  | { readonly type: 'suspect'; readonly accusation: Accusation }
  | { readonly type: 'fault'; readonly from: string; readonly code: EpochErrorCode }

export interface EpochTimeouts {
  /** Time for a proposal in round 0, and for how much longer in each later one, in milliseconds. */
  readonly proposeMs: number
  readonly proposeGrowthMs: number
  /** Time from a quorum of votes to giving up on a better one. */
  readonly voteMs: number
  readonly voteGrowthMs: number
  /** Time between two tellings of what is known. */
  readonly repeatMs: number
}

export interface EpochInit extends EpochContext {
  readonly committee: Committee
  /** Seats in the order in which they propose: proposerOrder. */
  readonly order: readonly number[]
  /** The seat of this device; undefined for one that only watches, or abstains. */
  readonly seat: number | undefined
  /** Signs for the seat. */
  readonly signer: Signer
  readonly crypto: Crypto
  readonly timeouts: EpochTimeouts
  /** What it signed in an earlier life. */
  readonly record: VoteRecord | undefined
}
