/**
 * The proposals of one epoch that a seat has seen, one a round, and whether it may vote for them.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Certificate } from './certificate.ts'
import type { EpochErrorCode } from './errors.ts'
import type { DoubleProposal } from './evidence.ts'
import { ROUNDS_AHEAD_MAX, ROUNDS_BEHIND_MAX } from './limits.ts'
import { isProposalOf, isSameProposal, type Proposal } from './messages.ts'
import type { Committee } from './seats.ts'
import type { EpochContext } from './vote.ts'

/** A proposal, and what this seat thinks of it. */
export interface HeldProposal {
  readonly proposal: Proposal
  verdict: 'unasked' | 'asked' | 'valid' | 'invalid'
  /** Whether there was a polka for it when the question was asked. */
  hadPolka: boolean
}

/** Who may propose. */
export interface ProposalBookInit extends EpochContext {
  readonly committee: Committee
  readonly order: readonly number[]
  readonly crypto: Crypto
}

export class ProposalBook {
  readonly #init: ProposalBookInit
  readonly #held = new Map<number, HeldProposal>()
  /** Those of whom two proposals of one round were seen. */
  readonly #exposed = new Set<PeerId>()
  #round = 0

  constructor(init: ProposalBookInit) {
    this.#init = init
  }

  /** Follows the seat to a later round. */
  enter(round: number): void {
    this.#round = round
    for (const old of this.#held.keys()) {
      if (old < round - ROUNDS_BEHIND_MAX) this.#held.delete(old)
    }
  }

  /** The seat whose turn a round is. */
  proposer(round: number): number | undefined {
    const { order } = this.#init
    return order[round % order.length]
  }

  of(round: number): HeldProposal | undefined {
    return this.#held.get(round)
  }

  /** The proposal that a polka is for; undefined when it was not seen. */
  heldFor(polka: Certificate): HeldProposal | undefined {
    const held = this.#held.get(polka.round)
    return held !== undefined && this.#isFor(held, polka.value) ? held : undefined
  }

  /** The value that a hash stands for; undefined when no proposal was of it. */
  value(id: Uint8Array): Uint8Array | undefined {
    return [...this.#held.values()].find((held) => this.#isFor(held, id))?.proposal.value
  }

  /** Keeps what this seat proposes itself: it built it, or saw a polka for it. */
  addOwn(proposal: Proposal): void {
    this.#held.set(proposal.round, { proposal, verdict: 'valid', hadPolka: false })
  }

  /**
   * Takes a proposal of a round that is not too far away; returns what is wrong with it.
   *
   * A conflict is the fault of the proposer; everything else, of whoever hands it on unread.
   */
  add(proposal: Proposal): EpochErrorCode | undefined {
    const { round, seat, validRound } = proposal
    if (round > this.#round + ROUNDS_AHEAD_MAX || round < this.#round - ROUNDS_BEHIND_MAX) {
      return undefined
    }
    const known = this.#held.get(round)
    if (known !== undefined && isSameProposal(known.proposal, proposal)) return undefined
    const proposer = this.#init.committee[seat]
    if (seat !== this.proposer(round) || proposer === undefined) return 'EPOCH_SEAT_INVALID'
    if (validRound !== undefined && validRound >= round) return 'EPOCH_ROUND_INVALID'
    if (!isProposalOf(this.#init.crypto.verify, this.#init, proposer, proposal)) {
      return 'EPOCH_SIGNATURE_INVALID'
    }
    if (known !== undefined) return 'EPOCH_PROPOSAL_CONFLICT'
    this.#held.set(round, { proposal, verdict: 'unasked', hadPolka: false })
    return undefined
  }

  /** The proof that a proposal is the second of its round; undefined where its proposer was found out before. */
  conflictWith(proposal: Proposal): DoubleProposal | undefined {
    const { network, epoch, committee } = this.#init
    const one = this.#held.get(proposal.round)?.proposal
    const accused = committee[proposal.seat]
    if (one === undefined || accused === undefined || this.#exposed.has(accused)) return undefined
    this.#exposed.add(accused)
    const { round } = proposal
    return { network, epoch, accused, round, one: signedOf(one), other: signedOf(proposal) }
  }

  /** Takes the answer to the question whether a proposal may be voted for. */
  judge(round: number, value: Uint8Array, valid: boolean): void {
    const held = this.#held.get(round)
    if (held?.verdict !== 'asked' || !bytesEqual(held.proposal.value, value)) return
    held.verdict = valid ? 'valid' : 'invalid'
  }

  #isFor({ proposal }: HeldProposal, id: Uint8Array): boolean {
    return bytesEqual(this.#init.crypto.sha256(proposal.value), id)
  }
}

/** What is told of a proposal in a proof. */
function signedOf({ value, validRound, signature }: Proposal): DoubleProposal['one'] {
  return { value, validRound, signature }
}
