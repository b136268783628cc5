/**
 * What this device proposes to be in an epoch, and what it thinks of what others propose.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import {
  type CutBody,
  decodeCutBody,
  decodeHeader,
  encodeCutBody,
  EPOCH_LIMITS,
  type Header,
} from '../../protocols/epoch/index.ts'
import { bodyProblem, type CutJudge, headerProblem } from './cut-check.ts'
import type { TriedCut } from './epoch-chain.ts'
import type { EpochStore } from './epoch-store.ts'
import { cutDueMs, type EpochCalendar, settledMs } from './epoch-time.ts'

export interface ProposalsComponents extends CutJudge {
  readonly clock: Clock
  readonly crypto: Crypto
  readonly logger: Logger
  readonly calendar: EpochCalendar
  readonly store: Pick<EpochStore, 'keepProposed' | 'proposed'>
  /** Asks others, in this order, for what is in a header. */
  readonly fetchCut: (header: Uint8Array, from: readonly PeerId[]) => Promise<CutBody | undefined>
  /** Asks others for statements by their ids, as they were gossiped. */
  readonly fetchStatements: (
    ids: readonly Uint8Array[],
    from: readonly PeerId[],
  ) => Promise<readonly Uint8Array[]>
}

/** Headers whose cuts are kept for whoever asks. */
const CUTS_KEPT_MAX = 8

export class Proposals {
  readonly #components: ProposalsComponents
  /** What is in headers that were proposed, by their hash. */
  readonly #cuts = new RecentCache<string, CutBody>(CUTS_KEPT_MAX)

  constructor(components: ProposalsComponents) {
    this.#components = components
  }

  /** Folds what an earlier life proposed, which nobody else may have. */
  async restore(): Promise<void> {
    const { store, chain } = this.#components
    const proposed = await store.proposed()
    const cut = proposed === undefined ? undefined : decodeCutBody(proposed)
    if (cut?.type !== 'value' || !chain.isSound(cut.value)) return
    chain.try(cut.value)
  }

  /** A header for the next epoch; undefined when another one is next by now. */
  async build(epoch: number): Promise<Uint8Array | undefined> {
    const { chain, clock, store, crypto } = this.#components
    if (chain.next !== epoch) return undefined
    const tried = chain.try(this.#ownCut())
    await store.keepProposed(encodeCutBody(tried.body))
    if (chain.next !== epoch) return undefined
    const value = chain.headerOf(tried, Math.round(clock.wallMs()))
    this.#cuts.set(toHex(crypto.sha256(value)), tried.body)
    return value
  }

  /** Whether this device may vote for a header. */
  async check(
    value: Uint8Array,
    { round, proposer }: { readonly round: number; readonly proposer: PeerId | undefined },
  ): Promise<boolean> {
    const { chain, clock, logger, crypto, calendar } = this.#components
    const header = decodeHeader(value)
    if (header.type === 'refused' || header.value.epoch !== chain.next) return false
    const settledBeforeMs = clock.monotonicMs() - settledMs(calendar, chain.next)
    const id = crypto.sha256(value)
    const tried = await this.#tried(header.value, id, proposer)
    if (tried === undefined || chain.next !== header.value.epoch) return false
    const at = { round, wallMs: this.#fairTime(header.value, round), settledBeforeMs }
    const problem = headerProblem(this.#components, header.value, { tried, at })
    if (problem === undefined) {
      this.#cuts.set(toHex(id), tried.body)
      return true
    }
    const { epoch } = header.value
    logger.info('header not voted for', { epoch, round, code: problem, proposer })
    return false
  }

  /** What is in a header that was proposed lately. */
  cutOf(header: Uint8Array): Uint8Array | undefined {
    const body = this.#cuts.get(toHex(header))
    return body === undefined ? undefined : encodeCutBody(body)
  }

  /** What is in a header that was decided; undefined when nobody can say. */
  async bodyOf(value: Uint8Array, from: readonly PeerId[]): Promise<CutBody | undefined> {
    const { chain, crypto, fetchCut } = this.#components
    const header = decodeHeader(value)
    if (header.type === 'refused') return undefined
    const id = crypto.sha256(value)
    const known = chain.triedFor(header.value)?.body ?? this.#cuts.get(toHex(id))
    return known ?? (await fetchCut(id, [...from, ...chain.committee]))
  }

  /** The cut of a header, folded: the own one when it is the same, else that of who proposed it. */
  async #tried(
    header: Header,
    id: Uint8Array,
    proposer: PeerId | undefined,
  ): Promise<TriedCut | undefined> {
    const { chain } = this.#components
    const known = chain.triedFor(header)
    if (known !== undefined) return known
    const own = chain.try(this.#ownCut())
    if (chain.triedFor(header) !== undefined) return own
    if (!bytesEqual(header.parent, own.view.parent)) return own
    const body = await this.#obtain(id, proposer)
    if (body === undefined || chain.next !== header.epoch) return undefined
    const problem = chain.isSound(body)
      ? bodyProblem(this.#components, body)
      : 'EPOCH_MESSAGE_MALFORMED'
    if (problem === undefined) return chain.try(body)
    const { epoch } = header
    this.#components.logger.info('cut not voted for', { epoch, code: problem, proposer })
    return undefined
  }

  /** A header that is decided on for long was right in its time: later rounds ask that it is not of tomorrow. */
  #fairTime({ epoch, cutWallMs }: Header, round: number): number {
    const { clock, calendar } = this.#components
    const wallMs = clock.wallMs()
    if (round === 0) return wallMs
    return Math.min(wallMs, Math.max(cutDueMs(calendar, epoch), cutWallMs))
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
    const floors = new Map<PeerId, number>()
    const named = statements.flatMap(({ stated, statement }) => [
      stated.owner,
      ...statement.heads.map(({ device }) => device),
    ])
    for (const device of named.slice(0, CUT_STATEMENTS_MAX)) {
      const micros = floorOf(device)
      if (micros !== undefined) floors.set(device, micros)
    }
    return {
      statements: statements.map(({ stated }) => stated),
      floors: [...floors].map(([device, floorMicros]) => ({ device, floorMicros })),
      evidence: [...[...proofs, ...leaving].map(({ item }) => item), ...amnesia],
      audits: audited.map(({ encoded }) => encoded),
      owners: words.map(({ encoded }) => encoded),
      restart: chain.restarting,
      // A founder that begins again changes nothing else.
      change: chain.restarting === undefined ? pools.consents.change() : undefined,
    }
  }

  /** What is in a header, with each statement looked at as if it had been gossiped. */
  async #obtain(header: Uint8Array, proposer: PeerId | undefined): Promise<CutBody | undefined> {
    const { chain, pools, crypto, fetchCut, fetchStatements } = this.#components
    const from = [...(proposer === undefined ? [] : [proposer]), ...chain.committee]
    const body = await fetchCut(header, from)
    if (body === undefined) return undefined
    const ids = body.statements.map(({ signed }) => crypto.sha256(signed.body))
    const missing = ids.filter((id) => pools.statements.get(id) === undefined)
    if (missing.length > 0) {
      for (const statement of await fetchStatements(missing, from)) pools.takeStatement(statement)
    }
    // One that does not come as it was gossiped was not made by a member.
    return ids.every((id) => pools.statements.get(id) !== undefined) ? body : undefined
  }
}
