/**
 * The epochs of one mesh that were decided, as far as this device has followed them.
 *
 * Nothing enters it but what its committee decided, and nothing stays that does not lead to the same
 * roots here: a header whose roots this device does not come to itself is a bug of ours, and loud.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import {
  type Certificate,
  type Committee,
  committeeRoot,
  type CutBody,
  decodeCutBody,
  decodeHeader,
  encodeCutBody,
  encodeHeader,
  EPOCH_LIMITS,
  type EpochErrorCode,
  type EpochRecord,
  type Header,
  isDecisionOf,
  openRestart,
  type OwnView,
  proposerOrder,
} from '../../protocols/epoch/index.ts'
import { decodeStatement, domainIdOf, type ScoreVector } from '../../trust/index.ts'
import { inOrder } from './cut-order.ts'
import { type EpochCalendar, epochMsOf, spansOf } from './epoch-time.ts'
import { encodeSnapshot, type FoldSnapshot } from './fold-snapshot.ts'
import { type FoldContext, type Folded, TrustFold } from './trust-fold.ts'

export interface ChainContext extends FoldContext {
  readonly crypto: Crypto
  /** When the mesh was founded. */
  readonly createdMs: number
}

/** A cut that was tried on, and what follows from it. */
export interface TriedCut {
  readonly epoch: number
  readonly body: CutBody
  readonly fold: TrustFold
  readonly folded: Folded
  readonly view: OwnView
}

/** The last decided epoch. */
export interface ChainTop {
  readonly header: Header
  /** Hash of the header. */
  readonly id: Uint8Array
  readonly value: Uint8Array
  readonly certificate: Certificate
  readonly committee: Committee
  readonly scores: ScoreVector
}

/** An epoch that was taken. */
export interface Appended {
  readonly body: CutBody
  /** What is to be kept of it. */
  readonly record: EpochRecord
}

/** Which epoch comes next, and who decides it. */
interface Place {
  readonly epoch: number
  readonly committee: Committee
}

/** Cuts of the present epoch that are kept folded: own ones, and those of the latest proposers. */
const TRIED_MAX = 4

export class EpochChain {
  readonly context: ChainContext
  #fold: TrustFold
  #top: ChainTop | undefined
  /** Made of what stands beside it. */
  #calendar:
    | { readonly agreed: TrustFold['parameters']; readonly calendar: EpochCalendar }
    | undefined
  readonly #tried: TriedCut[] = []
  #difference: FoldDifference | undefined
  /** The word of the founder that this device follows, until an epoch is decided by it. */
  #restart: { readonly encoded: Uint8Array; readonly epoch: number } | undefined

  constructor(context: ChainContext) {
    this.context = context
    this.#fold = new TrustFold(context)
  }

  /** The epoch that comes next. */
  get next(): number {
    return this.#restart?.epoch ?? this.#fold.epoch + 1
  }

  /** How the next epoch begins again; undefined where the mesh goes on as it was. */
  get restarting(): Uint8Array | undefined {
    return this.#restart?.encoded
  }

  /** Goes on by the word of the founder; false when it is none, or not about the last certified header. */
  beginAgain(encoded: Uint8Array): boolean {
    const place = this.#placeOf(encoded)
    if (place === undefined || place.epoch < this.next) return false
    this.#restart = { encoded, epoch: place.epoch }
    this.#tried.length = 0
    return true
  }

  /** Where the decision that was given last and this device part; undefined when it entered the chain. */
  get difference(): FoldDifference | undefined {
    return this.#difference
  }

  get top(): ChainTop | undefined {
    return this.#top
  }

  get fold(): TrustFold {
    return this.#fold
  }

  /** When epochs are, as far as it has been agreed on. */
  get calendar(): EpochCalendar {
    const { parameters: agreed } = this.#fold
    if (this.#calendar?.agreed !== agreed) {
      const lengths = agreed.held.map(({ epoch, values: { epochMs } }) => ({ epoch, epochMs }))
      const spans = spansOf(this.context.createdMs, lengths)
      this.#calendar = { agreed, calendar: { spans } }
    }
    return this.#calendar.calendar
  }

  /** Who decides the next epoch. */
  get committee(): Committee {
    return this.#restart === undefined ? this.#fold.committees.next : [this.context.founder]
  }

  /** Seats of the next epoch whose statements the last two epochs lack: they propose last. */
  get absent(): ReadonlySet<PeerId> {
    return new Set(this.committee.filter((seat) => !this.#fold.hasSpoken(seat)))
  }

  /** Seats in the order in which they propose in the next epoch. */
  get order(): readonly number[] {
    const { crypto, network } = this.context
    const beacon = this.#top?.header.beacon ?? network
    return proposerOrder(crypto.sha256, beacon, this.committee, this.absent)
  }

  /** Folds a sound cut of the next epoch, and leaves no trace of it. */
  try(body: CutBody): TriedCut {
    const place = this.#placeOf(body.restart)
    invariant(place !== undefined, 'a cut is sound before it is tried on')
    const ordered = inOrder(body)
    const fold = this.#fold.copy()
    const folded = fold.fold(place.epoch, ordered)
    const view = this.#view(place, fold, folded)
    const tried = { epoch: place.epoch, body: ordered, fold, folded, view }
    this.#tried.push(tried)
    if (this.#tried.length > TRIED_MAX) this.#tried.shift()
    return tried
  }

  /** A cut that was tried on, and that leads to the roots of a header. */
  triedFor(header: Header): TriedCut | undefined {
    return this.#tried.find(
      ({ view }) =>
        bytesEqual(view.statementRoot, header.statementRoot) &&
        bytesEqual(view.evidenceRoot, header.evidenceRoot) &&
        bytesEqual(view.scoresRoot, header.scoresRoot),
    )
  }

  /** The header of a cut that was tried on. */
  headerOf({ body, folded, view }: TriedCut, cutWallMs: number): Uint8Array {
    const { length } = folded.scores.scores
    const statements = body.statements.length
    return encodeHeader({ ...view, cutWallMs, statements, scores: length })
  }

  /** Why a decision is not the next one; undefined when its committee decided it. */
  problemOf(decided: Pick<EpochRecord, 'value' | 'certificate'>): EpochErrorCode | undefined {
    return this.#problemAt({ epoch: this.next, committee: this.committee }, decided)
  }

  /** True for a decision by the founder alone in an epoch of now that has another committee here. */
  isRestartedBy(decided: Pick<EpochRecord, 'value' | 'certificate'>): boolean {
    const header = decodeHeader(decided.value)
    const top = this.#top
    if (header.type === 'refused' || top === undefined) return false
    const { epoch } = header.value
    const isNext = epoch === this.next
    const isLast = epoch === top.header.epoch && !bytesEqual(decided.value, top.value)
    const committee = isNext ? this.committee : top.committee
    if (!(isNext || isLast) || committee.length === 1) return false
    return this.#problemAt({ epoch, committee: [this.context.founder] }, decided) === undefined
  }

  /**
   * Goes on to the next epoch, which was decided.
   *
   * @returns what is in it, or why the cut is not the one that was decided.
   */
  append(
    decided: Pick<EpochRecord, 'value' | 'certificate'>,
    body: CutBody,
  ): Appended | EpochErrorCode {
    const place = this.#placeOf(body.restart)
    if (place === undefined) return 'EPOCH_CERTIFICATE_INVALID'
    const problem = this.#problemAt(place, decided)
    if (problem !== undefined) return problem
    const header = decodeHeader(decided.value)
    invariant(header.type === 'value', 'a decision that holds has a header')
    const { committee } = place
    if (!this.isSound(body)) return 'EPOCH_MESSAGE_MALFORMED'
    if (body.restart !== undefined && !this.#isLate(header.value)) return 'EPOCH_TIME_INVALID'
    const tried = this.triedFor(header.value) ?? this.try(body)
    this.#difference = firstDifference(header.value, tried.view)
    if (this.#difference !== undefined) return 'EPOCH_FOLD_MISMATCH'
    this.#fold = tried.fold
    this.#restart = undefined
    this.#tried.length = 0
    this.#top = {
      ...decided,
      header: header.value,
      id: this.context.crypto.sha256(decided.value),
      committee,
      scores: tried.folded.scores,
    }
    const { body: ordered } = tried
    return { body: ordered, record: { ...decided, committee, cut: encodeCutBody(ordered) } }
  }

  /**
   * True when every statement of a cut is one, by who is said to have made it, and the mesh may go on as it says:
   * only then it is folded.
   */
  isSound({ statements, restart }: CutBody): boolean {
    const { crypto, network } = this.context
    if (this.#placeOf(restart) === undefined) return false
    return statements.every(({ owner, signed }) => {
      const statement = decodeStatement(signed.body)
      const domain = domainIdOf(crypto.sha256, { network, owner })
      return statement.type === 'value' && bytesEqual(statement.value.domain, domain)
    })
  }

  /** What follows from all epochs so far, to be kept; undefined before the first one. */
  snapshot(): Uint8Array | undefined {
    const top = this.#top
    return top && encodeSnapshot({ ...this.#fold.pack(), header: top.id })
  }

  /**
   * Goes on from a snapshot of an earlier life, instead of folding all epochs; `decided` is the last one that is in it.
   *
   * @returns false when it does not lead to the roots of that header: then nothing has changed.
   */
  resume({ header: id, ...packed }: FoldSnapshot, decided: EpochRecord): boolean {
    invariant(this.#top === undefined, 'a chain is resumed before anything is in it')
    const { crypto } = this.context
    const { value, certificate, committee } = decided
    const read = decodeHeader(value)
    if (read.type === 'refused' || !bytesEqual(crypto.sha256(value), id)) return false
    const header = read.value
    const isDecided = isDecisionOf(crypto, header, committee, { value, certificate })
    const fold = this.#fold.unpack(packed)
    if (!isDecided || fold === undefined || header.epoch !== fold.epoch) return false
    const { scores, graphRoot } = fold.scores()
    const leadsTo = {
      ...header,
      ...this.#committeeRoots(committee, fold),
      network: this.context.network,
      parameters: crypto.sha256(fold.parameters.at(fold.epoch)),
      scoresRoot: scores.root,
      graphRoot,
      beacon: fold.beacon,
    }
    if (!isOf(header, leadsTo) || header.scores !== scores.scores.length) return false
    this.#fold = fold
    this.#top = { value, certificate, committee, header, id, scores }
    return true
  }

  /** The same, from what was kept or another device has sent. */
  appendRecord(record: EpochRecord): Appended | EpochErrorCode {
    const body = decodeCutBody(record.cut)
    return body.type === 'refused' ? body.code : this.append(record, body.value)
  }

  /** Hashes of who decided the last epoch that a fold holds, and of those that it leads to. */
  #committeeRoots(
    committee: Committee,
    { committees: { next, afterNext } }: TrustFold,
  ): Pick<Header, 'committee' | 'next' | 'afterNext'> {
    const { sha256 } = this.context.crypto
    return {
      committee: committeeRoot(sha256, committee),
      next: committeeRoot(sha256, next),
      afterNext: committeeRoot(sha256, afterNext),
    }
  }

  /** Which epoch a cut is of, and who decides it; undefined for a restart that goes on from nowhere. */
  #placeOf(restart: Uint8Array | undefined): Place | undefined {
    const { crypto, founder, network } = this.context
    const epoch = this.#fold.epoch + 1
    if (restart === undefined) return { epoch, committee: this.#fold.committees.next }
    const read = openRestart(crypto.verify, founder, restart)
    if (read.type === 'refused' || this.#top === undefined) return undefined
    const { value } = read
    const goesOn =
      value.epoch > epoch &&
      bytesEqual(value.network, network) &&
      bytesEqual(value.parent, this.#top.id)
    return goesOn ? { epoch: value.epoch, committee: [founder] } : undefined
  }

  #problemAt(
    { epoch, committee }: Place,
    { value, certificate }: Pick<EpochRecord, 'value' | 'certificate'>,
  ): EpochErrorCode | undefined {
    const header = decodeHeader(value)
    if (header.type === 'refused') return header.code
    if (header.value.epoch !== epoch) return 'EPOCH_PARENT_UNKNOWN'
    const decided = isDecisionOf(this.context.crypto, header.value, committee, {
      value,
      certificate,
    })
    return decided ? undefined : 'EPOCH_CERTIFICATE_INVALID'
  }

  /** A founder cannot take over a mesh that had been certified just before. */
  #isLate({ cutWallMs }: Header): boolean {
    const lastMs = this.#top?.header.cutWallMs ?? 0
    const epochMs = epochMsOf(this.calendar, this.#fold.epoch)
    return cutWallMs - lastMs >= EPOCH_LIMITS.RESTART_EPOCHS_MIN * epochMs
  }

  #view({ epoch, committee }: Place, fold: TrustFold, folded: Folded): OwnView {
    const { network, crypto } = this.context
    return {
      network,
      epoch,
      parent: this.#top?.id ?? network,
      statementRoot: folded.statementRoot,
      evidenceRoot: folded.evidenceRoot,
      scoresRoot: folded.scores.root,
      graphRoot: folded.graphRoot,
      ...this.#committeeRoots(committee, fold),
      beacon: folded.beacon,
      parameters: crypto.sha256(fold.parameters.at(epoch)),
    }
  }
}

/** What a header names, each after what it follows from. */
const NAMED = [
  'network',
  'parent',
  'parameters',
  'committee',
  'statementRoot',
  'evidenceRoot',
  'beacon',
  'graphRoot',
  'scoresRoot',
  'next',
  'afterNext',
] as const

/** Where two folds of one cut part, for a log: in hexadecimal. */
export interface FoldDifference {
  readonly field: (typeof NAMED)[number]
  readonly here: string
  readonly there: string
}

/** The first that a header says otherwise than this device came to; the rest may follow from it. */
export function firstDifference(header: Header, view: OwnView): FoldDifference | undefined {
  const field = NAMED.find((name) => !bytesEqual(header[name], view[name]))
  return field && { field, here: toHex(view[field]), there: toHex(header[field]) }
}

/** True when a header says what this device came to. */
function isOf(header: Header, view: OwnView): boolean {
  return firstDifference(header, view) === undefined
}
