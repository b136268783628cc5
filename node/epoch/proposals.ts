/**
 * What this device proposes to be in an epoch, and what it thinks of what others propose.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import {
  type CutBody,
  decodeHeader,
  encodeCutBody,
  EPOCH_LIMITS,
  type Header,
} from '../../protocols/epoch/index.ts'
import type { HardwareFloor } from './attested-floors.ts'
import {
  bodyProblem,
  type CutJudge,
  headerProblem,
  isInflated,
  type JudgedAt,
} from './cut-check.ts'
import { firstDifference, type TriedCut } from './epoch-chain.ts'
import type { EpochStore } from './epoch-store.ts'
import { KeptCuts } from './kept-cuts.ts'
import { cutDueMs, type EpochCalendar, settledMs } from './epoch-time.ts'

export interface ProposalsComponents extends CutJudge {
  readonly clock: Clock
  readonly crypto: Crypto
  readonly logger: Logger
  readonly calendar: EpochCalendar
  readonly store: Pick<EpochStore, 'cuts' | 'keepCut' | 'dropCuts'>
  /** Asks others, in this order, for what is in a header. */
  readonly fetchCut: (header: Uint8Array, from: readonly PeerId[]) => Promise<CutBody | undefined>
  /** Asks others for statements by their ids, as they were gossiped. */
  readonly fetchStatements: (
    ids: readonly Uint8Array[],
    from: readonly PeerId[],
  ) => Promise<readonly Uint8Array[]>
}

/** A header that was proposed, and by whom. */
export interface ProposedHeader {
  readonly value: Uint8Array
  readonly round: number
  readonly proposer: PeerId | undefined
  /** A quorum has prevoted it: more than a third of the seats are honest, and found it fair. */
  readonly hasPolka: boolean
  /** True for a device that has a seat, and may have to show later what it voted for. */
  readonly votes: boolean
}

export class Proposals {
  readonly #components: ProposalsComponents
  /** What is in headers that are right. */
  readonly #kept: KeptCuts

  constructor(components: ProposalsComponents) {
    this.#components = components
    this.#kept = new KeptCuts({ ...components, sha256: components.crypto.sha256 })
  }

  /** Reads what an earlier life proposed and voted for, which nobody else may have; resolves to how many are damaged. */
  restore(): Promise<number> {
    const { chain } = this.#components
    return this.#kept.restore(({ value, body }) => {
      const header = decodeHeader(value)
      if (header.type === 'refused') return header.code
      if (header.value.epoch !== chain.next) return 'EPOCH_MISMATCH'
      if (!chain.isSound(body)) return 'EPOCH_MESSAGE_MALFORMED'
      const tried = chain.try(body)
      return headerProblem(this.#components, header.value, { tried, at: undefined })
    })
  }

  /** An epoch is decided: returns the rows on the disk of what was proposed for it. */
  forget(): readonly number[] {
    return this.#kept.forget()
  }

  /** A header for the next epoch; undefined when another one is next by now. */
  async build(epoch: number): Promise<Uint8Array | undefined> {
    const { chain, clock } = this.#components
    if (chain.next !== epoch) return undefined
    // Others ask for what they held before this moment: what comes to this device later is in no cut of it.
    const cutWallMs = Math.floor(clock.wallMs())
    const tried = chain.try(this.#ownCut())
    const value = chain.headerOf(tried, cutWallMs)
    await this.#kept.keep({ value, body: tried.body })
    return chain.next === epoch ? value : undefined
  }

  /**
   * Whether this device may vote for a header. What was right once in an epoch stays right, whatever comes later:
   * seats may be locked on it. What is in it is on the disk when this resolves to true.
   */
  async check(proposed: ProposedHeader): Promise<boolean> {
    const { chain, crypto } = this.#components
    const { value, votes } = proposed
    const header = decodeHeader(value)
    if (header.type === 'refused' || header.value.epoch !== chain.next) return false
    const body =
      this.#kept.get(crypto.sha256(value)) ?? (await this.#judged(header.value, proposed))
    if (body === undefined) return false
    if (votes) await this.#kept.keep({ value, body })
    else this.#kept.note({ value, body })
    return chain.next === header.value.epoch
  }

  /** What is in a header that this device may vote for. */
  async #judged(header: Header, proposed: ProposedHeader): Promise<CutBody | undefined> {
    const { chain, logger } = this.#components
    const { round, proposer, hasPolka } = proposed
    const at = hasPolka ? undefined : this.#judgedAt(header, round)
    const tried = await this.#tried(header, proposed)
    if (tried === undefined || chain.next !== header.epoch) return undefined
    const code = headerProblem(this.#components, header, { tried, at })
    if (code === undefined) return tried.body
    const { epoch } = header
    const differing = firstDifference(header, tried.view)
    logger.info('header not voted for', { epoch, round, code, proposer, ...differing })
    return undefined
  }

  /** What is in a header that was proposed lately. */
  cutOf(header: Uint8Array): Uint8Array | undefined {
    const body = this.#kept.get(header)
    return body === undefined ? undefined : encodeCutBody(body)
  }

  /** What is in a header that was decided; undefined when nobody can say. */
  async bodyOf(value: Uint8Array, from: readonly PeerId[]): Promise<CutBody | undefined> {
    const { chain, crypto, fetchCut } = this.#components
    const header = decodeHeader(value)
    if (header.type === 'refused') return undefined
    const id = crypto.sha256(value)
    const known = chain.triedFor(header.value)?.body ?? this.#kept.get(id)
    return known ?? (await fetchCut(id, [...from, ...chain.committee]))
  }

  /** The cut of a header, folded: the own one when it is the same, else that of who proposed it. */
  async #tried(header: Header, proposed: ProposedHeader): Promise<TriedCut | undefined> {
    const { chain, logger } = this.#components
    const known = chain.triedFor(header)
    if (known !== undefined) return known
    const own = chain.try(this.#ownCut())
    if (chain.triedFor(header) !== undefined) return own
    if (!bytesEqual(header.parent, own.view.parent)) return own
    const body = await this.#obtain(proposed)
    if (body === undefined || chain.next !== header.epoch) return undefined
    const problem = this.#problemOf(body, proposed)
    if (problem === undefined) return chain.try(body)
    const { epoch } = header
    logger.info('cut not voted for', { epoch, code: problem, proposer: proposed.proposer })
    return undefined
  }

  /** What is wrong with a cut of others; undefined when it may be folded. */
  #problemOf(
    body: CutBody,
    { hasPolka }: ProposedHeader,
  ): ReturnType<typeof bodyProblem> | undefined {
    if (!this.#components.chain.isSound(body)) return 'EPOCH_MESSAGE_MALFORMED'
    const problem = bodyProblem(this.#components, body)
    if (problem !== undefined || hasPolka || !isInflated(this.#components, body)) return problem
    return 'EPOCH_FOLD_MISMATCH'
  }

  /**
   * When a header is judged: as if at the time of its cut, as far as that may be true. In later rounds it must only not
   * be of tomorrow, as whoever proposes may have been waiting for long.
   */
  #judgedAt({ epoch, cutWallMs }: Header, round: number): JudgedAt {
    const { clock, calendar } = this.#components
    const wallMs = clock.wallMs()
    const cutMs = Math.min(wallMs, Math.max(cutDueMs(calendar, epoch), cutWallMs))
    const sinceCutMs = wallMs - cutMs
    const settledBeforeMs = clock.monotonicMs() - sinceCutMs - settledMs(calendar, epoch)
    return { round, wallMs: round === 0 ? wallMs : cutMs, settledBeforeMs }
  }

  /** Everything that this device would have in the next epoch. */
  #ownCut(): CutBody {
    const { chain, pools, floorOf } = this.#components
    const { CUT_STATEMENTS_MAX, CUT_EVIDENCE_MAX, CUT_AUDITS_MAX, CUT_BYTES_MAX } = EPOCH_LIMITS
    let room = CUT_BYTES_MAX / 2
    const fits = ({ encoded }: { readonly encoded: Uint8Array }): boolean => {
      room -= encoded.length
      return room > 0
    }
    const statements = pools.statements.for(chain.next).slice(0, CUT_STATEMENTS_MAX).filter(fits)
    const proofs = pools.evidence.pending().slice(0, CUT_EVIDENCE_MAX).filter(fits)
    const amnesia = pools.amnesia.pending().slice(0, CUT_EVIDENCE_MAX - proofs.length)
    const free = CUT_EVIDENCE_MAX - proofs.length - amnesia.length
    const leaving = pools.farewells.pending().slice(0, free)
    const audited = pools.audits.pending().slice(0, CUT_AUDITS_MAX).filter(fits)
    const words = pools.owners.pending().filter(fits)
    const floors = new Map<PeerId, HardwareFloor>()
    const named = statements.flatMap(({ stated, statement }) => [
      stated.owner,
      ...statement.heads.map(({ device }) => device),
    ])
    for (const device of named.slice(0, CUT_STATEMENTS_MAX)) {
      const floor = floorOf(device)
      if (floor !== undefined) floors.set(device, floor)
    }
    return {
      statements: statements.map(({ stated }) => stated),
      floors: [...floors].map(([device, { micros: floorMicros, vendor }]) => ({
        device,
        floorMicros,
        vendor,
      })),
      evidence: [...[...proofs, ...leaving].map(({ item }) => item), ...amnesia],
      audits: audited.map(({ encoded }) => encoded),
      owners: words.map(({ encoded }) => encoded),
      restart: chain.restarting,
      // A founder that begins again changes nothing else.
      change: chain.restarting === undefined ? pools.consents.change() : undefined,
    }
  }

  /** What is in a header, with each statement looked at as if it had been gossiped. */
  async #obtain({
    value,
    round,
    proposer,
    hasPolka,
  }: ProposedHeader): Promise<CutBody | undefined> {
    const { chain, pools, crypto, fetchCut, fetchStatements } = this.#components
    // Each round asks other seats first: those who proposed may be gone.
    const { committee } = chain
    const turn = round % Math.max(1, committee.length)
    const others = [...committee.slice(turn), ...committee.slice(0, turn)]
    const from = [...(proposer === undefined ? [] : [proposer]), ...others]
    const body = await fetchCut(crypto.sha256(value), from)
    if (body === undefined || hasPolka) return body
    const ids = body.statements.map(({ signed }) => crypto.sha256(signed.body))
    const missing = ids.filter((id) => pools.statements.get(id) === undefined)
    if (missing.length > 0) {
      for (const statement of await fetchStatements(missing, from)) pools.takeStatement(statement)
    }
    // One that does not come as it was gossiped was not made by a member.
    return body.statements.every((stated) => pools.statements.hasTold(stated)) ? body : undefined
  }
}
