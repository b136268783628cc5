/**
 * What a seat is bound by and what it has signed in its round: all that must survive a crash.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Certificate } from './certificate.ts'
import { isSameValue } from './evidence.ts'
import { ANSWERS_KEPT_MAX } from './limits.ts'
import type { EpochContext, Vote, VoteKind } from './vote.ts'
import { encodeVoteRecord, type VoteRecord } from './vote-record.ts'

/** A value, and the round in which it had a polka. */
export interface BoundValue {
  readonly round: number
  readonly value: Uint8Array
}

export class OwnVotes {
  /** What it precommitted last. */
  locked: BoundValue | undefined
  /** The value of the latest polka that it knows of. */
  valid: BoundValue | undefined
  proposed: VoteRecord['proposed']
  #prevote: VoteRecord['prevote']
  #precommit: VoteRecord['precommit']
  #answers: readonly Certificate[] = []

  /** Polkas with which it can answer for what it signed. */
  get answers(): readonly Certificate[] {
    return this.#answers
  }

  /** What an earlier life was bound by. */
  restore({ locked, valid, answers }: VoteRecord): void {
    this.locked = locked
    this.valid = valid
    this.#answers = answers
  }

  /** Begins a round: nothing is signed in it, but for what an earlier life did. */
  enter(record: VoteRecord | undefined): void {
    this.proposed = record?.proposed
    this.#prevote = record?.prevote
    this.#precommit = record?.precommit
  }

  /**
   * Lines 23 and 29: whether the lock lets the seat prevote a value.
   *
   * @param validRound - The round of the polka that comes with it, if one does.
   */
  mayPrevote(value: Uint8Array, validRound: number | undefined): boolean {
    if (this.locked === undefined || bytesEqual(this.locked.value, value)) return true
    return validRound !== undefined && this.locked.round <= validRound
  }

  sign(kind: VoteKind, value: Uint8Array | undefined): void {
    if (kind === 'prevote') this.#prevote = { value }
    else this.#precommit = { value }
  }

  /** Keeps a polka that let the seat vote as it did. */
  keepAnswer(polka: Certificate | undefined): void {
    if (polka === undefined || this.#answers.some((kept) => isSame(kept, polka))) return
    this.#answers = [...this.#answers, polka].slice(-ANSWERS_KEPT_MAX)
  }

  /**
   * The bytes that go to disk.
   *
   * @param way - The votes by which it came into the round.
   */
  record({ network, epoch }: EpochContext, round: number, way: readonly Vote[]): Uint8Array {
    return encodeVoteRecord({
      network,
      epoch,
      round,
      locked: this.locked,
      valid: this.valid,
      proposed: this.proposed,
      prevote: this.#prevote,
      precommit: this.#precommit,
      answers: this.#answers,
      way,
    })
  }
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a.round === b.round && isSameValue(a.value, b.value)
}
