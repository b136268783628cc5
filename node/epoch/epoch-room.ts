/**
 * The epochs of one mesh at this device: what it says, what it votes, and what it follows.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type Committee,
  decodeHeader,
  type Decision,
  type EpochErrorCode,
  encodeDoubleProposal,
  encodeDoubleVote,
  encodeEvidenceItem,
  type Mode,
  modeOf,
  type Standpoint,
} from '../../protocols/epoch/index.ts'
import { rememberSignatures } from '../crypto/remembered-signatures.ts'
import type { DeviceReports } from './device-reports.ts'
import { type EarlyMessage, EarlyMessages } from './early-messages.ts'
import { type Appended, EpochChain } from './epoch-chain.ts'
import { EpochHealth, type EpochProblem } from './epoch-health.ts'
import { EpochPools } from './epoch-pools.ts'
import type { EpochRoomComponents, EpochRoomInit } from './epoch-room-types.ts'
import { EpochSeat } from './epoch-seat.ts'
import { EpochSpeech } from './epoch-speech.ts'
import {
  cutDueMs,
  epochAt,
  type EpochCalendar,
  epochMsOf,
  startMs,
  timeoutsOf,
} from './epoch-time.ts'
import { EpochCommands } from './epoch-commands.ts'
import { evidenceItem } from './evidence-kinds.ts'
import { KeptEpochs } from './kept-epochs.ts'
import { type GossipFate, MessageGate } from './message-gate.ts'
import { OwnVoice } from './own-voice.ts'
import { Proposals } from './proposals.ts'
import { Refusals } from './refusals.ts'
import { VoteKeeper } from './vote-keeper.ts'

/** Signatures that are known to hold: those of an epoch of the largest committee, and of what is in it. */
const SIGNATURES_MAX = 8_192
/** Longest sleep: a clock that was set is noticed then. */
const SLEEP_MS_MAX = 5_000
/** Epochs without a certificate before finality is called stale. */
const STALE_EPOCHS = 3

export class EpochRoom {
  readonly chain: EpochChain
  /** What has come and is in no epoch yet. */
  readonly pools: EpochPools
  readonly calendar: EpochCalendar
  /** What devices of this one's domain tell of their work. */
  readonly reports: DeviceReports
  /** What the owner of this device may have its mesh do. */
  readonly commands: EpochCommands
  /** What others sent that no honest device sends. */
  readonly refusals: Refusals
  readonly #components: EpochRoomComponents
  readonly #init: EpochRoomInit
  readonly #kept: KeptEpochs
  readonly #proposals: Proposals
  readonly #keeper: VoteKeeper
  readonly #health: EpochHealth
  readonly #voice: OwnVoice
  readonly #speech: EpochSpeech
  readonly #early = new EarlyMessages()
  readonly #gate: MessageGate
  readonly #stopping = new AbortController()
  #seat: EpochSeat | undefined
  #standing: { readonly epoch: number; readonly standpoint: Standpoint } | undefined
  #wake: () => void = () => undefined
  #ready = false
  #openedMs = 0
  /** True while a decision that others have told is looked into. */
  #deciding = false
  #running: Promise<void> = Promise.resolve()
  /** One change of the chain at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(components: EpochRoomComponents, init: EpochRoomInit) {
    const { store, memory, clock } = components
    const { network, founder, parameters, createdMs, mesh } = init
    // What is told, decided and folded is signed by the same: each signature is verified once.
    const crypto = rememberSignatures(components.crypto, SIGNATURES_MAX)
    this.#components = { ...components, crypto }
    this.#init = init
    this.refusals = new Refusals(components)
    this.chain = new EpochChain({ crypto, network, founder, parameters, createdMs })
    const { chain } = this
    // Parts that were given it see what the mesh agrees on later.
    const calendar: EpochCalendar = {
      get spans() {
        return chain.calendar.spans
      },
    }
    this.calendar = calendar
    this.pools = new EpochPools(
      { ...this.#components, beside: (work) => this.#beside(work) },
      { network, calendar, chain },
    )
    this.#health = new EpochHealth({ clock, calendar, self: components.signer.peer })
    this.#kept = new KeptEpochs({
      ...this.#components,
      sha256: crypto.sha256,
      chain,
      health: this.#health,
      pools: this.pools,
    })
    this.#proposals = new Proposals({ ...this.#components, calendar, chain, pools: this.pools })
    this.commands = new EpochCommands(
      { ...this.#components, chain, pools: this.pools, calendar },
      {
        network,
        founder,
        inTurn: (work) => this.#inTurn(work),
        onBegun: () => this.#wake(),
        fallSilent: () => this.#voice.fallSilent(),
      },
    )
    this.#keeper = new VoteKeeper({ mesh, network, store, memory })
    this.#speech = new EpochSpeech({ ...components, network, calendar })
    this.#gate = new MessageGate({
      ...components,
      crypto,
      network,
      founder,
      chain,
      refusals: this.refusals,
      onElsewhere: () => this.#health.noteElsewhere(chain.next),
      nowMs: () => clock.monotonicMs(),
    })
    const { pools } = this
    this.#voice = new OwnVoice({
      ...this.#components,
      network,
      calendar,
      chain,
      pool: pools.statements,
      onDamaged: (epoch) => this.#health.noteDamage('statement', epoch),
    })
    this.reports = this.#voice.reports
  }

  /** Reads what is kept, in the background; from then on this device takes part. */
  start(): void {
    this.#openedMs = this.#components.clock.monotonicMs()
    this.#running = this.#run(this.#stopping.signal).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#components.onFailure(error)
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    this.#seat?.stop()
    await this.#running
    await this.#turn
  }

  /** True once all that is kept has been read. */
  get ready(): boolean {
    return this.#ready
  }

  /** Who decides now. */
  get committee(): Committee {
    return this.chain.committee
  }

  /** How long an epoch takes now. */
  get epochMs(): number {
    return epochMsOf(this.calendar, this.chain.next)
  }

  get mode(): Mode {
    return modeOf(this.committee.length)
  }

  /** True when the last certificate is as recent as it should be. */
  get isFresh(): boolean {
    const { clock } = this.#components
    return epochAt(this.calendar, clock.wallMs()) - this.chain.next < STALE_EPOCHS
  }

  /** What is wrong with this device, as far as it can tell. */
  get problems(): readonly EpochProblem[] {
    return this.#health.problems
  }

  /** Takes a proposal, a vote or a decision; says whether others are to get it. */
  takeMessage(from: PeerId, data: Uint8Array): GossipFate {
    if (!this.#ready) return 'ignore'
    const heard = this.#gate.hear(from, data)
    if (typeof heard === 'string') return heard
    const { epoch, message } = heard
    const { next, top } = this.chain
    if (epoch === next) this.#feed({ from, message, bytes: data.length })
    else if (epoch < next && top !== undefined) this.#speech.answerLate(message, top)
    return 'accept'
  }

  /** What is in a header that was proposed or decided lately. */
  async cutOf(header: Uint8Array): Promise<Uint8Array | undefined> {
    const proposed = this.#proposals.cutOf(header)
    if (proposed !== undefined) return proposed
    const { top } = this.chain
    if (top === undefined || !bytesEqual(top.id, header)) return undefined
    return (await this.#components.store.record(top.header.epoch))?.cut
  }

  /** Goes on by what another device says was decided; false when it does not hold. */
  appendRecord(encoded: Parameters<EpochChain['appendRecord']>[0]): Promise<boolean> {
    return this.#inTurn(async () => {
      const appended = this.chain.appendRecord(encoded)
      if (typeof appended === 'string') return this.#refuse(appended, encoded.value)
      await this.#keep(appended)
      return true
    })
  }

  async #run(signal: AbortSignal): Promise<void> {
    await this.#replay(signal)
    while (!signal.aborted) {
      await this.#voice.speak(signal)
      await this.#begin()
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await Promise.race([promise, this.#components.clock.sleep(this.#restMs(), signal)])
    }
  }

  async #replay(signal: AbortSignal): Promise<void> {
    const { logger } = this.#components
    await this.pools.restore()
    await this.reports.restore()
    await this.#kept.replay(signal)
    if (signal.aborted) return
    const damaged = await this.#proposals.restore()
    if (damaged > 0) this.#health.noteDamage('cut', this.chain.next)
    await this.pools.tellOwners()
    this.#ready = true
    logger.info('epochs open', { mesh: this.#init.mesh, epoch: this.chain.next - 1 })
    this.#components.onReady()
    this.#components.onEpoch()
  }

  /** Takes part in the next epoch, once its time has come. */
  async #begin(): Promise<void> {
    const { next: epoch } = this.chain
    const standpoint = await this.#standpointIn(epoch)
    const { clock } = this.#components
    if (this.#seat?.epoch === epoch || clock.wallMs() < cutDueMs(this.calendar, epoch)) return
    if (this.chain.next !== epoch || this.#stopping.signal.aborted) return
    const seat = this.#seatFor(standpoint)
    if (seat !== undefined) await this.#keeper.seated(epoch)
    this.#seat?.stop()
    this.#seat = this.#open(epoch, seat, standpoint)
    this.#seat.start()
    for (const early of this.#early.take()) this.#feed(early)
  }

  /** Whether this device may vote in an epoch: looked up once, and said. */
  async #standpointIn(epoch: number): Promise<Standpoint> {
    if (this.#standing?.epoch === epoch) return this.#standing.standpoint
    const standpoint = await this.#keeper.standpoint(epoch)
    this.#standing = { epoch, standpoint }
    if (this.#health.noteStandpoint(standpoint)) {
      this.#components.logger.warn('votes lost, abstaining', { epoch, ...standpoint })
    }
    return standpoint
  }

  #seatFor(standpoint: Standpoint): number | undefined {
    const { clock, signer } = this.#components
    const seat = this.committee.indexOf(signer.peer)
    if (seat < 0) return undefined
    if (standpoint.type !== 'abstains') return seat
    // Alone, nobody else can go on; what was signed before is long decided, or seen by nobody.
    const waitedMs = clock.monotonicMs() - this.#openedMs
    const alone = this.committee.length === 1 && standpoint.code === 'EPOCH_VOTES_LOST'
    return alone && waitedMs > 2 * this.epochMs ? seat : undefined
  }

  #open(epoch: number, seat: number | undefined, standpoint: Standpoint): EpochSeat {
    const { committee } = this
    const { crypto, signer, clock, store } = this.#components
    const { network } = this.#init
    const { order } = this.chain
    return new EpochSeat(
      {
        network,
        epoch,
        committee,
        order,
        seat,
        signer,
        crypto,
        timeouts: timeoutsOf(this.calendar, epoch),
        record: standpoint.type === 'bound' ? standpoint.record : undefined,
      },
      {
        clock,
        build: () => this.#proposals.build(epoch),
        check: ({ round, value, hasPolka }) => {
          const proposer = committee[order[round % order.length] ?? 0]
          const votes = seat !== undefined
          return this.#proposals.check({ round, value, hasPolka, proposer, votes })
        },
        keepVotes: (record) => this.#health.timed(() => store.keepVotes(record)),
        send: (message) => this.#speech.send(epoch, message),
        decided: (decision) => this.#decided(decision, committee),
        evidence: (proof) =>
          this.pools.report(
            encodeEvidenceItem(evidenceItem('double-vote', encodeDoubleVote(proof))),
          ),
        conflict: (proof) =>
          this.pools.report(
            encodeEvidenceItem(evidenceItem('double-proposal', encodeDoubleProposal(proof))),
          ),
        suspect: (accusation) => this.pools.amnesia.suspect(accusation),
        fault: (from, code) => this.refusals.note(from as PeerId, code),
        failed: (error) => this.#components.onFailure(error),
      },
    )
  }

  #feed(early: EarlyMessage): void {
    const { from, message } = early
    if (message.type === 'decision') this.#hearDecision(message.decision, from)
    else if (this.#seat?.epoch === this.chain.next) this.#seat.receive(from, message)
    else this.#early.keep(early, this.committee)
  }

  /** A decision is told by many: while one is looked into, others have to wait until they are told again. */
  #hearDecision(decision: Decision, from: PeerId): void {
    if (this.#deciding) return
    this.#deciding = true
    this.#decided(decision, [from], () => (this.#deciding = false))
  }

  /** A decision is there: goes on, once it is known what is in it. */
  #decided(decision: Decision, from: readonly PeerId[], onEnd?: () => void): void {
    this.#beside(() =>
      this.#inTurn(async () => {
        const problem = this.chain.problemOf(decision)
        if (problem !== undefined) {
          this.#components.logger.debug('decision refused', { code: problem })
          return
        }
        this.#health.noteDecided(decision, this.chain)
        const body = await this.#proposals.bodyOf(decision.value, from)
        if (body === undefined) {
          for (const peer of from) this.#components.follow(peer)
          return
        }
        const appended = this.chain.append(decision, body)
        if (typeof appended === 'string') this.#refuse(appended, decision.value)
        else await this.#keep(appended)
      }).finally(onEnd),
    )
  }

  #refuse(code: EpochErrorCode, value: Uint8Array): false {
    const { logger } = this.#components
    const header = decodeHeader(value)
    const epoch = header.type === 'value' ? header.value.epoch : undefined
    if (code === 'EPOCH_FOLD_MISMATCH' && epoch === this.chain.next) {
      this.#health.noteMismatch(epoch)
      logger.error('decided roots are not found again', {
        epoch,
        code,
        ...this.chain.difference,
      })
    } else logger.debug('decided epoch refused', { epoch, code })
    return false
  }

  async #keep({ record }: Appended): Promise<void> {
    const { logger, clock, onEpoch } = this.#components
    const epoch = this.chain.next - 1
    this.#health.noteMismatch(undefined)
    await this.#kept.keep(record, this.#proposals.forget())
    const seat = this.#seat?.epoch === epoch ? this.#seat : undefined
    // Nobody changes its mind in the first round.
    this.pools.noteDecided(seat === undefined || seat.round === 0 ? [] : seat.polkas)
    await this.pools.tellOwners()
    if (this.#seat !== undefined && this.#seat.epoch <= epoch) {
      this.#seat.stop()
      this.#seat = undefined
    }
    this.#early.clear()
    this.refusals.forgive()
    const afterCutMs = Math.round(clock.wallMs() - (this.chain.top?.header.cutWallMs ?? 0))
    logger.debug('epoch decided', { epoch, round: record.certificate.round, afterCutMs })
    onEpoch()
    this.#wake()
  }

  /** Until something is to be done, in ms. */
  #restMs(): number {
    const { clock } = this.#components
    const wallMs = clock.wallMs()
    const speakMs = startMs(this.calendar, epochAt(this.calendar, wallMs) + 1) - wallMs
    const cutMs =
      this.#seat?.epoch === this.chain.next
        ? Infinity
        : cutDueMs(this.calendar, this.chain.next) - wallMs
    return Math.max(1, Math.min(SLEEP_MS_MAX, speakMs, cutMs))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  #beside(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return
      this.#components.logger.error('epoch not kept', { code: errorCode(error) })
      this.#components.onFailure(error)
    })
  }
}
