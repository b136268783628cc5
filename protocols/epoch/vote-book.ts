/**
 * All votes of one epoch that a seat has seen: who voted for what, what has a quorum, and who voted twice.
 *
 * Rounds far from one's own take no room: of those ahead, only the latest vote of each seat is
 * kept, of those behind, only polkas. Signatures are looked at once for each vote that is new.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Verify } from '../../core/crypto.ts'
import { type Certificate, certificateOf } from './certificate.ts'
import { type Accusation, answersTo, type DoubleVote, isSameValue } from './evidence.ts'
import { POLKAS_KEPT_MAX, ROUNDS_AHEAD_MAX, ROUNDS_BEHIND_MAX } from './limits.ts'
import { type Committee, honestSomeOf, quorumOf } from './seats.ts'
import { type EpochContext, isBallotOf, kindNumber, type Vote, type VoteKind } from './vote.ts'

/** What became of a vote. */
export type VoteTaken =
  | { readonly type: 'new'; readonly accusation: Accusation | undefined }
  /** It was there, or is of a round of which none are kept. */
  | { readonly type: 'known' }
  | { readonly type: 'forged' }
  | { readonly type: 'double'; readonly proof: DoubleVote }

interface RoundVotes {
  readonly prevote: (Vote | undefined)[]
  readonly precommit: (Vote | undefined)[]
  /** Seats that voted at all in this round. */
  readonly voters: Set<number>
}

export class VoteBook {
  readonly #verify: Verify
  readonly #context: EpochContext
  readonly #committee: Committee
  readonly #rounds = new Map<number, RoundVotes>()
  /** The latest vote of each seat in rounds too far ahead. */
  readonly #ahead = new Map<number, Vote>()
  #polkas: readonly Certificate[] = []
  #round = 0

  constructor(verify: Verify, context: EpochContext, committee: Committee) {
    this.#verify = verify
    this.#context = context
    this.#committee = committee
  }

  /** Follows the seat to a later round: votes that were too far ahead may no longer be, old rounds are given up. */
  enter(round: number): void {
    this.#round = round
    for (const old of this.#rounds.keys()) {
      if (old < round - ROUNDS_BEHIND_MAX) this.#rounds.delete(old)
    }
    for (const [seat, vote] of this.#ahead) {
      if (vote.round > round + ROUNDS_AHEAD_MAX) continue
      this.#ahead.delete(seat)
      this.#keep(vote)
    }
  }

  /** Takes a vote by a seat that there is. */
  add(vote: Vote): VoteTaken {
    const { round, kind, seat } = vote
    if (round < this.#round - ROUNDS_BEHIND_MAX) return { type: 'known' }
    if (round > this.#round + ROUNDS_AHEAD_MAX) return this.#addAhead(vote)
    const known = this.#rounds.get(round)?.[kind][seat]
    if (known !== undefined && isSameValue(known.value, vote.value)) return { type: 'known' }
    if (!this.#isSigned(vote)) return { type: 'forged' }
    if (known !== undefined) return { type: 'double', proof: this.#doubleVote(known, vote) }
    this.#keep(vote)
    return { type: 'new', accusation: this.#accusation(vote) }
  }

  /** The vote of a seat; undefined when it did not vote. */
  vote(round: number, kind: VoteKind, seat: number): Vote | undefined {
    return this.#rounds.get(round)?.[kind][seat]
  }

  /** True when a quorum voted, whatever for. */
  hasQuorum(round: number, kind: VoteKind): boolean {
    return this.all(round, kind).length >= quorumOf(this.#committee.length)
  }

  /** True when a quorum voted for nothing. */
  hasNilQuorum(round: number, kind: VoteKind): boolean {
    const nil = this.all(round, kind).filter(({ value }) => value === undefined)
    return nil.length >= quorumOf(this.#committee.length)
  }

  /** The value that a quorum voted for, as a certificate; undefined when there is none. */
  quorum(round: number, kind: VoteKind): Certificate | undefined {
    const byValue = new Map<string, Vote[]>()
    for (const vote of this.all(round, kind)) {
      if (vote.value === undefined) continue
      const key = toHex(vote.value)
      byValue.set(key, [...(byValue.get(key) ?? []), vote])
    }
    const needed = quorumOf(this.#committee.length)
    const votes = [...byValue.values()].find(({ length }) => length >= needed)
    return votes === undefined ? undefined : certificateOf(votes, this.#committee)
  }

  /** Every vote of a kind in a round. */
  all(round: number, kind: VoteKind): readonly Vote[] {
    return (this.#rounds.get(round)?.[kind] ?? []).filter((vote) => vote !== undefined)
  }

  /** Precommits by which any seat can leave a round; none while they are too few. */
  wayOut(round: number): readonly Vote[] {
    const votes = this.all(round, 'precommit')
    const needed = quorumOf(this.#committee.length)
    return votes.length < needed ? [] : votes.slice(0, needed)
  }

  /** The polkas that were seen, the latest round last. */
  get polkas(): readonly Certificate[] {
    return this.#polkas
  }

  /** The polka of a round for a value; undefined when none was seen. */
  polka(round: number, value: Uint8Array): Certificate | undefined {
    return this.#polkas.find((polka) => polka.round === round && isSameValue(polka.value, value))
  }

  /** Takes a polka that was verified before, by this seat in an earlier life. */
  recall(polka: Certificate): void {
    if (this.polka(polka.round, polka.value) !== undefined) return
    this.#polkas = [...this.#polkas, polka]
      .toSorted((a, b) => a.round - b.round)
      .slice(-POLKAS_KEPT_MAX)
  }

  /** The latest round ahead of `round` in which at least one honest seat is; undefined when there is none. */
  roundAhead(round: number): number | undefined {
    const latest = new Map<number, number>()
    const note = (seat: number, at: number): void => {
      if (at > round) latest.set(seat, Math.max(at, latest.get(seat) ?? 0))
    }
    for (const [at, { voters }] of this.#rounds) for (const seat of voters) note(seat, at)
    for (const [seat, vote] of this.#ahead) note(seat, vote.round)
    const falling = [...latest.values()].toSorted((a, b) => b - a)
    return falling[honestSomeOf(this.#committee.length) - 1]
  }

  /** Rounds of which votes are kept, rising. */
  get rounds(): readonly number[] {
    return [...this.#rounds.keys()].toSorted((a, b) => a - b)
  }

  #addAhead(vote: Vote): VoteTaken {
    const before = this.#ahead.get(vote.seat)
    if (before !== undefined && before.round >= vote.round) return { type: 'known' }
    if (!this.#isSigned(vote)) return { type: 'forged' }
    this.#ahead.set(vote.seat, vote)
    return { type: 'new', accusation: undefined }
  }

  #keep(vote: Vote): void {
    const votes = this.#rounds.get(vote.round) ?? {
      prevote: [],
      precommit: [],
      voters: new Set<number>(),
    }
    this.#rounds.set(vote.round, votes)
    votes[vote.kind][vote.seat] ??= vote
    votes.voters.add(vote.seat)
    if (vote.kind !== 'prevote' || vote.value === undefined) return
    const polka = this.quorum(vote.round, 'prevote')
    if (polka !== undefined) this.recall(polka)
  }

  #isSigned(vote: Vote): boolean {
    const voter = this.#committee[vote.seat]
    return voter !== undefined && isBallotOf(this.#verify, this.#context, voter, vote)
  }

  #doubleVote(one: Vote, other: Vote): DoubleVote {
    const accused = this.#committee[one.seat]
    if (accused === undefined) throw new Error('a vote that is kept is by a seat')
    return {
      ...this.#context,
      accused,
      precommit: kindNumber(one.kind),
      round: one.round,
      one: { value: one.value, signature: one.signature },
      other: { value: other.value, signature: other.signature },
    }
  }

  /** What a new vote gives its seat to answer for: a precommit, and a later prevote for another value. */
  #accusation(vote: Vote): Accusation | undefined {
    if (vote.value === undefined) return undefined
    for (const round of this.#rounds.keys()) {
      const earlier = vote.kind === 'prevote' ? round : vote.round
      const later = vote.kind === 'prevote' ? vote.round : round
      if (earlier >= later) continue
      const accusation = this.#accusationBetween(earlier, later, vote.seat)
      if (accusation !== undefined) return accusation
    }
    return undefined
  }

  #accusationBetween(earlier: number, later: number, seat: number): Accusation | undefined {
    const precommit = this.vote(earlier, 'precommit', seat)
    const prevote = this.vote(later, 'prevote', seat)
    const accused = this.#committee[seat]
    if (precommit?.value === undefined || prevote?.value === undefined) return undefined
    if (accused === undefined || isSameValue(precommit.value, prevote.value)) return undefined
    const accusation: Accusation = {
      ...this.#context,
      accused,
      precommit: { round: earlier, value: precommit.value, signature: precommit.signature },
      prevote: { round: later, value: prevote.value, signature: prevote.signature },
    }
    return this.#polkas.some((polka) => answersTo(accusation, polka)) ? undefined : accusation
  }
}
