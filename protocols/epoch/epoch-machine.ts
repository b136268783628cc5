/**
 * One seat's part in one decision: Tendermint's rules, for a single height.
 *
 * "The latest gossip on BFT consensus" (Buchman, Kwon, Milosevic 2018), Algorithm 1; the numbers
 * of its lines stand where they are obeyed. What is added: nothing that the seat signs leaves it
 * before it is on disk, and what it has of others is told again until the epoch is decided, so that
 * no seat can be bound by something that others never hear of.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { type Cast, castProposal, castVote } from './cast.ts'
import { type Certificate, type Decision, isCertificateOf, isDecisionOf } from './certificate.ts'
import type { EpochInit, EpochInput, EpochOutput } from './epoch-types.ts'
import type { EpochErrorCode } from './errors.ts'
import { LateAnswers } from './late-answers.ts'
import { ROUND_MAX } from './limits.ts'
import type { EpochMessage, Proposal } from './messages.ts'
import { OwnVotes } from './own-votes.ts'
import { type HeldProposal, ProposalBook } from './proposal-book.ts'
import type { Vote, VoteKind } from './vote.ts'
import { VoteBook } from './vote-book.ts'
import type { VoteRecord } from './vote-record.ts'

type Step = 'propose' | 'prevote' | 'precommit'
type TimerName = Step | 'repeat'

export class EpochMachine implements Machine<EpochInput, EpochOutput> {
  readonly #init: EpochInit
  readonly #book: VoteBook
  readonly #proposals: ProposalBook
  readonly #own = new OwnVotes()
  readonly #timers = new Map<TimerName, number>()
  readonly #waiting = new Map<number, Cast>()
  readonly #exposed = new Set<number>()
  readonly #late: LateAnswers
  #outputs: EpochOutput[] = []
  #nowMs = 0
  #token = 0
  #started = false
  #round = 0
  #step: Step = 'propose'
  #decision: Decision | undefined

  constructor(init: EpochInit) {
    this.#init = init
    this.#book = new VoteBook(init.crypto.verify, init, init.committee)
    this.#proposals = new ProposalBook(init)
    this.#late = new LateAnswers(init.timeouts.repeatMs, 4 * init.committee.length)
  }

  get round(): number {
    return this.#round
  }

  get decision(): Decision | undefined {
    return this.#decision
  }

  deadlineMs(): number | undefined {
    return this.#timers.size === 0 ? undefined : Math.min(...this.#timers.values())
  }

  /** Polkas that this seat has seen or kept: what it answers accusations with. */
  get polkas(): readonly Certificate[] {
    return [...this.#own.answers, ...this.#book.polkas]
  }

  handle(input: EpochInput | TimePassed, nowMs: number): readonly EpochOutput[] {
    this.#nowMs = nowMs
    if (input.type === 'start') this.#start()
    else if (input.type === 'message') this.#onMessage(input.from, input.message)
    else if (this.#decision === undefined) this.#onOwn(input)
    if (this.#started) this.#advance()
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  #onOwn(input: Exclude<EpochInput, { type: 'start' | 'message' }> | TimePassed): void {
    switch (input.type) {
      case 'built':
        return this.#onBuilt(input.round, input.value)
      case 'checked':
        return this.#proposals.judge(input.round, input.value, input.valid)
      case 'persisted':
        return this.#onPersisted(input.token)
      case 'time-passed':
        return this.#onTime()
    }
  }

  #start(): void {
    if (this.#started || this.#decision !== undefined) return
    this.#started = true
    this.#timers.set('repeat', this.#nowMs + this.#init.timeouts.repeatMs)
    const { record } = this.#init
    if (record === undefined) return this.#enter(0)
    this.#own.restore(record)
    for (const polka of record.answers) this.#book.recall(polka)
    this.#enter(record.round, record)
  }

  /** Line 11: begins a round; with a record, goes on in it. */
  #enter(round: number, record?: VoteRecord): void {
    this.#round = round
    this.#step = 'propose'
    this.#own.enter(record)
    this.#book.enter(round)
    this.#proposals.enter(round)
    for (const name of ['prevote', 'precommit'] as const) this.#timers.delete(name)
    const { proposeMs, proposeGrowthMs } = this.#init.timeouts
    this.#timers.set('propose', this.#nowMs + proposeMs + round * proposeGrowthMs)
    if (record !== undefined) this.#resume(record)
    const turn = this.#proposals.proposer(round) === this.#init.seat
    if (!turn || this.#own.proposed !== undefined || this.#step !== 'propose') return
    const valid = this.#own.valid
    if (valid === undefined) this.#outputs.push({ type: 'build', round })
    else this.#propose(valid.value, valid.round)
  }

  /**
   * Says again what was signed before the crash, and is on disk already. It must also be able to show
   * others the way into its round: the seats that are left in the one before may be too few for a quorum.
   */
  #resume({ proposed, prevote, precommit, way }: VoteRecord): void {
    for (const vote of way) this.#book.add(vote)
    if (proposed !== undefined)
      this.#cast(castProposal(this.#init, { round: this.#round, ...proposed }))
    if (prevote !== undefined) {
      this.#cast(this.#ballot('prevote', prevote.value))
      this.#step = 'prevote'
    }
    if (precommit !== undefined) {
      this.#cast(this.#ballot('precommit', precommit.value))
      this.#step = 'precommit'
    }
    if (this.#step !== 'propose') this.#timers.delete('propose')
  }

  #onBuilt(round: number, value: Uint8Array): void {
    const late = round !== this.#round || this.#step !== 'propose'
    if (late || this.#own.proposed !== undefined || this.#init.seat === undefined) return
    this.#propose(value, undefined)
  }

  /** Line 19. */
  #propose(value: Uint8Array, validRound: number | undefined): void {
    this.#own.proposed = { value, validRound }
    this.#persist(castProposal(this.#init, { round: this.#round, value, validRound }))
  }

  #onPersisted(token: number): void {
    const cast = this.#waiting.get(token)
    this.#waiting.delete(token)
    if (cast !== undefined) this.#cast(cast)
  }

  /** Sends what is on disk, and counts it here. */
  #cast(cast: Cast): void {
    if (cast.type === 'vote') {
      this.#send({ type: 'vote', vote: cast.vote })
      this.#book.add(cast.vote)
      return
    }
    const { proposal } = cast
    this.#send({ type: 'proposal', proposal })
    this.#sendPolka(proposal)
    this.#proposals.addOwn(proposal)
  }

  #onTime(): void {
    for (const [name, atMs] of this.#timers) {
      if (this.#nowMs < atMs) continue
      this.#timers.delete(name)
      this.#onTimeout(name)
    }
  }

  #onTimeout(name: TimerName): void {
    switch (name) {
      case 'propose': // Line 57.
        if (this.#step === 'propose') this.#vote('prevote', undefined)
        return
      case 'prevote': // Line 61.
        if (this.#step === 'prevote') this.#vote('precommit', undefined)
        return
      case 'precommit': // Line 65.
        if (this.#round < ROUND_MAX) this.#enter(this.#round + 1)
        return
      case 'repeat':
        this.#timers.set('repeat', this.#nowMs + this.#init.timeouts.repeatMs)
        this.#repeat()
    }
  }

  #onMessage(from: string, message: EpochMessage): void {
    if (this.#decision !== undefined) return this.#answerLate(from, message, this.#decision)
    switch (message.type) {
      case 'proposal':
        return this.#onProposal(from, message.proposal)
      case 'vote':
        return this.#onVote(from, message.vote)
      case 'polka':
        return this.#onPolka(from, message.polka)
      case 'round':
        for (const vote of message.votes) this.#onVote(from, vote)
        return
      case 'decision':
        return this.#onDecision(from, message.decision)
    }
  }

  #onProposal(from: string, proposal: Proposal): void {
    const code = this.#proposals.add(proposal)
    if (code === undefined) return
    if (code !== 'EPOCH_PROPOSAL_CONFLICT') return this.#fault(from, code)
    this.#fault(this.#init.committee[proposal.seat] ?? from, code)
    const proof = this.#proposals.conflictWith(proposal)
    if (proof !== undefined) this.#outputs.push({ type: 'conflict', proof })
  }

  #onVote(from: string, vote: Vote): void {
    if (vote.seat >= this.#init.committee.length) return this.#fault(from, 'EPOCH_SEAT_INVALID')
    const taken = this.#book.add(vote)
    if (taken.type === 'forged') return this.#fault(from, 'EPOCH_SIGNATURE_INVALID')
    if (taken.type === 'double') {
      if (!this.#exposed.has(vote.seat))
        this.#outputs.push({ type: 'evidence', proof: taken.proof })
      this.#exposed.add(vote.seat)
    }
    if (taken.type === 'new' && taken.accusation !== undefined) {
      this.#outputs.push({ type: 'suspect', accusation: taken.accusation })
    }
  }

  #onPolka(from: string, polka: Certificate): void {
    if (this.#book.polka(polka.round, polka.value) !== undefined) return
    const { crypto, committee } = this.#init
    const holds =
      polka.kind === 'prevote' && isCertificateOf(crypto.verify, this.#init, committee, polka)
    if (!holds) return this.#fault(from, 'EPOCH_CERTIFICATE_INVALID')
    this.#book.recall(polka)
  }

  #onDecision(from: string, decision: Decision): void {
    const { crypto, committee } = this.#init
    const holds = isDecisionOf(crypto, this.#init, committee, decision)
    if (holds) this.#decide(decision)
    else this.#fault(from, 'EPOCH_CERTIFICATE_INVALID')
  }

  /** Who still votes does not know. */
  #answerLate(from: string, message: EpochMessage, decision: Decision): void {
    if (message.type === 'decision' || !this.#late.isDue(from, this.#nowMs)) return
    this.#outputs.push({ type: 'send', to: from, message: { type: 'decision', decision } })
  }

  #fault(from: string, code: EpochErrorCode): void {
    this.#outputs.push({ type: 'fault', from, code })
  }

  /** Applies the rules until none of them changes anything any more. */
  #advance(): void {
    for (;;) {
      if (this.#decision !== undefined || this.#decideIfCan()) return
      if (!(this.#jump() || this.#prevoteIfCan() || this.#onPolkas() || this.#precommitNil())) break
    }
    this.#setVoteTimers()
  }

  /** Line 49. */
  #decideIfCan(): boolean {
    for (const round of this.#book.rounds) {
      const certificate = this.#book.quorum(round, 'precommit')
      const value = certificate === undefined ? undefined : this.#valueOf(certificate.value)
      if (certificate === undefined || value === undefined) continue
      this.#decide({ value, certificate })
      return true
    }
    return false
  }

  #decide(decision: Decision): void {
    this.#decision = decision
    this.#timers.clear()
    this.#waiting.clear()
    this.#send({ type: 'decision', decision })
    this.#outputs.push({ type: 'decided', decision })
  }

  #valueOf(id: Uint8Array): Uint8Array | undefined {
    const bound = [this.#own.valid, this.#own.locked].find(
      (one) => one !== undefined && bytesEqual(this.#idOf(one.value), id),
    )
    return bound?.value ?? this.#proposals.value(id)
  }

  /** Line 55, and the same by a polka of a later round. */
  #jump(): boolean {
    const polka = this.#book.polkas.at(-1)?.round ?? 0
    const ahead = Math.max(this.#book.roundAhead(this.#round) ?? 0, polka)
    if (ahead <= this.#round) return false
    this.#enter(ahead)
    return true
  }

  /** Lines 22 and 28. */
  #prevoteIfCan(): boolean {
    if (this.#step !== 'propose') return false
    const held = this.#proposals.of(this.#round)
    if (held === undefined) return false
    const { value, validRound } = held.proposal
    const id = this.#idOf(value)
    if (validRound !== undefined && this.#book.polka(validRound, id) === undefined) return false
    const hasPolka = this.#book.polkas.some((polka) => bytesEqual(polka.value, id))
    // Its driver keeps what it found right: of values that it cannot vote for a locked seat asks nothing.
    if (this.#own.mayPrevote(value, validRound) && !this.#isJudged(held, hasPolka)) return false
    const yes = held.verdict === 'valid' && this.#own.mayPrevote(value, validRound)
    if (yes && validRound !== undefined) this.#own.keepAnswer(this.#book.polka(validRound, id))
    this.#vote('prevote', yes ? id : undefined)
    return true
  }

  /**
   * Asks whether a proposal may be voted for; true when the answer is there. One that was refused is asked about
   * again once it has a polka: else a value that others are locked on might never get their quorum.
   */
  #isJudged(held: HeldProposal, hasPolka: boolean): boolean {
    const isNews = held.verdict === 'invalid' && hasPolka && !held.hadPolka
    if (held.verdict === 'unasked' || isNews) {
      held.verdict = 'asked'
      held.hadPolka = hasPolka
      const { round, value } = held.proposal
      this.#outputs.push({ type: 'check', round, value, hasPolka })
    }
    return held.verdict !== 'asked'
  }

  #onPolkas(): boolean {
    return this.#book.polkas.toReversed().some((polka) => {
      const held = this.#proposals.heldFor(polka)
      const votable = held !== undefined && this.#isJudged(held, true) && held.verdict === 'valid'
      return votable && this.#onPolkaFor(polka, held.proposal.value)
    })
  }

  /** Line 36; a polka of an earlier round makes a value worth proposing, but binds nobody any more. */
  #onPolkaFor(polka: Certificate, value: Uint8Array): boolean {
    const now = polka.round === this.#round
    if (now && this.#step === 'propose') return false
    const news = (this.#own.valid?.round ?? -1) < polka.round
    if (news) this.#own.valid = { round: polka.round, value }
    if (!now || this.#step !== 'prevote') return news
    this.#own.locked = { round: this.#round, value }
    this.#own.keepAnswer(polka)
    this.#vote('precommit', polka.value)
    return true
  }

  /** Line 44. */
  #precommitNil(): boolean {
    if (this.#step !== 'prevote' || !this.#book.hasNilQuorum(this.#round, 'prevote')) return false
    this.#vote('precommit', undefined)
    return true
  }

  /** Lines 34 and 47. */
  #setVoteTimers(): void {
    const { voteMs, voteGrowthMs } = this.#init.timeouts
    const atMs = this.#nowMs + voteMs + this.#round * voteGrowthMs
    const waitsFor = (kind: VoteKind): boolean =>
      !this.#timers.has(kind) && this.#book.hasQuorum(this.#round, kind)
    if (this.#step === 'prevote' && waitsFor('prevote')) this.#timers.set('prevote', atMs)
    if (waitsFor('precommit')) this.#timers.set('precommit', atMs)
  }

  #vote(kind: VoteKind, value: Uint8Array | undefined): void {
    this.#step = kind
    this.#timers.delete(kind === 'prevote' ? 'propose' : 'prevote')
    if (this.#init.seat === undefined) return
    this.#own.sign(kind, value)
    this.#persist(this.#ballot(kind, value))
  }

  #ballot(kind: VoteKind, value: Uint8Array | undefined): Cast {
    return castVote(this.#init, { kind, round: this.#round, value })
  }

  #persist(cast: Cast): void {
    const token = this.#token++
    this.#waiting.set(token, cast)
    const way = this.#book.wayOut(this.#round - 1)
    const record = this.#own.record(this.#init, this.#round, way)
    this.#outputs.push({ type: 'persist', token, record })
  }

  #send(message: EpochMessage): void {
    this.#outputs.push({ type: 'send', to: undefined, message })
  }

  #sendPolka({ validRound, value }: Proposal): void {
    const polka =
      validRound === undefined ? undefined : this.#book.polka(validRound, this.#idOf(value))
    if (polka !== undefined) this.#send({ type: 'polka', polka })
  }

  /** Tells again what others may have missed: the way into this round, and what this seat is bound by. */
  #repeat(): void {
    for (const round of new Set([this.#own.valid?.round ?? this.#round, this.#round])) {
      const held = this.#proposals.of(round)
      if (held === undefined) continue
      this.#send({ type: 'proposal', proposal: held.proposal })
      this.#sendPolka(held.proposal)
    }
    const valid = this.#own.valid
    const polka = valid && this.#book.polka(valid.round, this.#idOf(valid.value))
    if (polka !== undefined) this.#send({ type: 'polka', polka })
    const before = this.#book.all(this.#round - 1, 'precommit')
    // Without votes it still asks whoever knows more: a seat that abstains has nothing else to say.
    this.#send({ type: 'round', votes: before })
    for (const kind of ['prevote', 'precommit'] as const) {
      const own = this.#book.vote(this.#round, kind, this.#init.seat ?? -1)
      if (own !== undefined) this.#send({ type: 'vote', vote: own })
    }
  }

  #idOf(value: Uint8Array): Uint8Array {
    return this.#init.crypto.sha256(value)
  }
}
