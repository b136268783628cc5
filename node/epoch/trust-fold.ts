/**
 * What follows from a cut: scores, the committee after the next, and the roots that a header names.
 *
 * Where trust and agreement meet: `trust` folds, `protocols/epoch` decides. It takes what was checked
 * (cut-check.ts), reads no clock, and comes to the same for everybody.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Committee, CutBody } from '../../protocols/epoch/index.ts'
import {
  Beacon,
  type Candidate,
  domainIdOf,
  drawCommittee,
  explain,
  type Explanation,
  floorMicros,
  mayBeDrawn,
  type ProvenFault,
  type ScoredDevice,
  type ScoreVector,
  type Statement,
  TRUST_LIMITS,
  TrustState,
} from '../../trust/index.ts'
import { Accusations } from './accusations.ts'
import { AgreedParameters } from './agreed-parameters.ts'
import { type AuditedTask, AuditReader } from './audited-task.ts'
import { type CountedAudit, CountedAudits } from './counted-audits.ts'
import { rootOver, statementIn } from './cut-order.ts'
import { Departures } from './departures.ts'
import { isAmnesia, provenBy } from './evidence-kinds.ts'
import type { PackedDepartures, PackedFold } from './fold-snapshot.ts'

/** The mesh whose trust is folded. */
export interface FoldContext {
  readonly crypto: Crypto
  readonly network: Uint8Array
  /** Trust starts at the founder, who decides alone until others are there. */
  readonly founder: PeerId
  /** What the genesis says of epochs, as it is encoded. */
  readonly parameters: Uint8Array
}

/** A domain that has spoken. */
interface Speaker {
  readonly owner: PeerId
  /** The latest epoch that it made a statement of. */
  readonly epoch: number
  /** Lively epochs that were folded when it last spoke. */
  readonly lively: number
  /** What its hardware was found to be worth, and when. */
  readonly floorMicros: number
  readonly floorEpoch: number
}

/** What a cut leads to. */
export interface Folded {
  readonly statementRoot: Uint8Array
  readonly evidenceRoot: Uint8Array
  readonly graphRoot: Uint8Array
  readonly beacon: Uint8Array
  readonly scores: ScoreVector
  readonly afterNext: Committee
}

/** Lively epochs that a seat may be silent in before it is given to another. */
const SILENT_EPOCHS_MAX = 12
/** Epochs that a device has a score after its last word: a day. */
const SCORED_EPOCHS = TRUST_LIMITS.EPOCHS_PER_DAY
/** Epochs that evidence of hardware counts after it was seen. */
const FLOOR_EPOCHS = 36
/** What its word alone gives a device. */
const WORD_MICROS = floorMicros({
  tier: 'self',
  secureBoot: false,
  tpmBesideTee: false,
  measuredBuild: false,
})

export class TrustFold {
  readonly #context: FoldContext
  #state: TrustState
  #beacon: Beacon
  #speakers = new Map<string, Speaker>()
  /** Epochs in which more than half of the seats spoke: a mesh that sleeps forgets nobody. */
  #lively = 0
  #epoch = -1
  readonly #reader: AuditReader
  #audits: CountedAudits
  #accusations: Accusations
  #departures: Departures
  #parameters: AgreedParameters
  #committees: { readonly next: Committee; readonly afterNext: Committee }

  constructor(context: FoldContext, reader = new AuditReader(context.crypto, context.network)) {
    const { crypto, network, founder, parameters } = context
    this.#context = context
    this.#parameters = new AgreedParameters(parameters)
    this.#reader = reader
    this.#audits = new CountedAudits(crypto.sha256)
    this.#accusations = new Accusations(crypto, network)
    this.#accusations.open(0, [founder])
    this.#departures = this.#departing()
    this.#state = new TrustState(crypto.sha256, [this.#domainOf(founder)])
    this.#beacon = new Beacon(crypto.sha256, network)
    this.#committees = { next: [founder], afterNext: [founder] }
  }

  /** The same, to try a cut on that is not decided yet. */
  copy(): TrustFold {
    const copy = new TrustFold(this.#context, this.#reader)
    copy.#state = this.#state.copy()
    copy.#beacon = this.#beacon.copy()
    copy.#speakers = new Map(this.#speakers)
    copy.#lively = this.#lively
    copy.#audits = this.#audits.copy()
    copy.#accusations = this.#accusations.copy()
    copy.#departures = copy.#departing(this.#departures.pack())
    copy.#parameters = this.#parameters
    copy.#epoch = this.#epoch
    copy.#committees = this.#committees
    return copy
  }

  /** All of it, to be kept; not before the first epoch. */
  pack(): PackedFold {
    const speakers = [...this.#speakers.values()]
    return {
      epoch: this.#epoch,
      trust: { state: this.#state.pack(), beacon: this.#beacon.pack() },
      speakers,
      lively: this.#lively,
      next: this.#committees.next,
      afterNext: this.#committees.afterNext,
      audits: this.#audits.pack(speakers.map(({ owner }) => owner)),
      accusations: this.#accusations.pack(),
      departures: this.#departures.pack(),
      changes: this.#parameters.changes,
    }
  }

  /** The same again; undefined when it does not fit together, or is of another founder. */
  unpack(packed: PackedFold): TrustFold | undefined {
    const { crypto, network, founder } = this.#context
    const { epoch, trust, speakers, lively, next, afterNext, changes } = packed
    const state = TrustState.unpack(crypto.sha256, [this.#domainOf(founder)], trust.state)
    const accusations = Accusations.unpack(crypto, network, packed.accusations)
    if (state === undefined || accusations === undefined || state.epoch !== epoch) return undefined
    const peers = speakers.map(({ owner }) => owner)
    const fold = new TrustFold(this.#context, this.#reader)
    fold.#state = state
    fold.#beacon = Beacon.unpack(crypto.sha256, trust.beacon)
    fold.#speakers = new Map(speakers.map((one) => [toHex(this.#domainOf(one.owner)), one]))
    fold.#lively = lively
    fold.#epoch = epoch
    fold.#audits = CountedAudits.unpack(crypto.sha256, packed.audits, peers)
    fold.#accusations = accusations
    fold.#departures = fold.#departing(packed.departures)
    fold.#parameters = new AgreedParameters(this.#context.parameters, changes)
    fold.#committees = { next, afterNext }
    return fold
  }

  /** The epoch that was folded last; -1 for none. */
  get epoch(): number {
    return this.#epoch
  }

  get beacon(): Uint8Array {
    return this.#beacon.value
  }

  /** Who decides the epoch after the last one, and the one after that. */
  get committees(): { readonly next: Committee; readonly afterNext: Committee } {
    return this.#committees
  }

  /** The latest epoch that a domain made a statement of which is in; -1 for none. */
  latestOf(domain: Uint8Array): number {
    return this.#speakers.get(toHex(domain))?.epoch ?? -1
  }

  /** True when some epoch holds a statement of a device. */
  hasEverSpoken(device: PeerId): boolean {
    return this.latestOf(this.#domainOf(device)) >= 0
  }

  /** True when what a device said of the last epoch or the one before it is in, and it has not left since. */
  hasSpoken(device: PeerId): boolean {
    const isRecent = this.latestOf(this.#domainOf(device)) >= this.#epoch - 1
    return isRecent && !this.#departures.hasLeft(device)
  }

  /** The floor that a device was last certified with. */
  floorOf(device: PeerId): number {
    const speaker = this.#speakers.get(toHex(this.#domainOf(device)))
    return speaker === undefined ? WORD_MICROS : this.#floorNow(speaker)
  }

  /** Reads audits as they travel, each once. */
  get reader(): AuditReader {
    return this.#reader
  }

  /** The audits that count, and by whom others are drawn. */
  get audits(): CountedAudits {
    return this.#audits
  }

  /** What the mesh has agreed on about its epochs. */
  get parameters(): AgreedParameters {
    return this.#parameters
  }

  /** The parameters after a change in the cut of an epoch; undefined when its committee does not want it. */
  changedIn(epoch: number, change: Uint8Array): AgreedParameters | undefined {
    const { crypto, network } = this.#context
    const place = { network, epoch, committee: this.#committees.next }
    return this.#parameters.after(crypto.verify, place, change)
  }

  /** Seats that are accused, and who decided what they are accused of. */
  get accusations(): Accusations {
    return this.#accusations
  }

  /** Devices that have left by their own word. */
  get departures(): Departures {
    return this.#departures
  }

  /** The latest audits of a device's work that count, the last one first. */
  auditsOf(device: PeerId): readonly CountedAudit[] {
    return this.#audits.namedOf(device)
  }

  explain(device: PeerId): Explanation | undefined {
    const scored = this.#scored().find((one) => one.device === device)
    return scored === undefined ? undefined : explain(this.#state, scored)
  }

  /** Folds the next epoch. */
  fold(epoch: number, cut: CutBody): Folded {
    const follows = epoch === this.#epoch + 1 || (cut.restart !== undefined && epoch > this.#epoch)
    invariant(follows, 'epochs are folded one after the other')
    if (cut.restart !== undefined) this.#beginAgain(epoch)
    const { crypto } = this.#context
    const statements = cut.statements.map(({ signed }) => statementIn(signed.body))
    if (cut.change !== undefined) {
      this.#parameters = this.changedIn(epoch, cut.change) ?? this.#parameters
    }
    const faults = [...this.#provenIn(cut), ...this.#unanswered(cut)]
    const audits = cut.audits.flatMap((encoded) => this.#counted(encoded, epoch) ?? [])
    // What was found wrong counts after the device has gone as well; what was found right raises nothing any more.
    const verdicts = audits
      .filter(({ provider, passed }) => !passed || !this.#departures.hasLeft(provider))
      .map(({ provider, passed }) => ({ provider: this.#domainOf(provider), passed }))
    this.#departures.takeAll(cut.evidence, epoch)
    this.#state.fold({ epoch, statements, verdicts, faults })
    this.#beacon.fold(statements)
    this.#epoch = epoch
    this.#note(cut, statements)
    this.#audits.open(epoch, { beacon: this.#beacon.value, present: this.#present() })
    const scores = this.#state.scores(this.#scored())
    const afterNext = this.#draw(scores)
    this.#committees = { next: this.#committees.afterNext, afterNext }
    this.#accusations.open(epoch + 1, this.#committees.next)
    return {
      statementRoot: rootOver(
        crypto,
        cut.statements.map(({ signed }) => crypto.sha256(signed.body)),
      ),
      evidenceRoot: rootOver(
        crypto,
        [
          ...cut.evidence.map(({ proof }) => proof),
          ...cut.audits,
          ...[cut.restart, cut.change].filter((item) => item !== undefined),
        ].map((item) => crypto.sha256(item)),
      ),
      graphRoot: this.#state.standings().graphRoot,
      beacon: this.#beacon.value,
      scores,
      afterNext,
    }
  }

  /** The founder decides alone, and seats are given to those that speak from now on. */
  #beginAgain(epoch: number): void {
    const { founder } = this.#context
    this.#committees = { next: [founder], afterNext: [founder] }
    this.#accusations.open(epoch, [founder])
    this.#lively += SILENT_EPOCHS_MAX + 1
  }

  /** Proofs of a cut that hold by themselves. */
  #provenIn({ evidence }: CutBody): readonly ProvenFault[] {
    const { crypto, network } = this.#context
    return evidence.flatMap((item) => provenBy(crypto, network, item) ?? [])
  }

  /** Seats that were asked for a polka long enough, and were there. */
  #unanswered({ evidence, statements }: CutBody): readonly ProvenFault[] {
    const spoken = new Set(statements.map(({ owner }) => owner))
    const proven = this.#accusations.fold(evidence.filter(isAmnesia), spoken)
    return proven.map(({ accusation, id }) => ({
      domain: this.#domainOf(accusation.accused),
      kind: 'amnesia',
      evidence: id,
    }))
  }

  /** An audit of a cut, counted; undefined for one that does not count, whoever certified it. */
  #counted(encoded: Uint8Array, epoch: number): AuditedTask | undefined {
    const audit = this.#reader.read(encoded)
    return audit !== undefined && this.#audits.count(audit, epoch) ? audit : undefined
  }

  /** Devices that have spoken lately: audits are drawn from them. */
  #present(): ReadonlySet<PeerId> {
    const spoken = [...this.#speakers.values()].filter(
      ({ owner, epoch }) =>
        this.#epoch - epoch <= TRUST_LIMITS.LATE_EPOCHS_MAX && !this.#departures.hasLeft(owner),
    )
    return new Set(spoken.map(({ owner }) => owner))
  }

  /** Scores and the root over what they follow from, as of the last fold, for a device that starts again. */
  scores(): { readonly scores: ScoreVector; readonly graphRoot: Uint8Array } {
    const { graphRoot } = this.#state.standings()
    return { scores: this.#state.scores(this.#scored()), graphRoot }
  }

  /** True when a proof like this one is in: it says nothing new. */
  isProven({ domain, kind, evidence }: ProvenFault): boolean {
    return this.#state
      .facts(domain)
      .record.some(
        (fault) =>
          bytesEqual(fault.evidence, evidence) ||
          (fault.kind === kind && this.#epoch + 1 - fault.epoch < TRUST_LIMITS.FAULT_EPOCHS),
      )
  }

  #note({ statements: stated, floors }: CutBody, statements: readonly Statement[]): void {
    const seated = new Set(this.#committees.next)
    const voices = new Set(stated.map(({ owner }) => owner).filter((owner) => seated.has(owner)))
    if (2 * voices.size > seated.size) this.#lively++
    for (const [at, { domain, epoch }] of statements.entries()) {
      const key = toHex(domain)
      const before = this.#speakers.get(key)
      const owner = stated[at]?.owner
      invariant(owner !== undefined, 'a statement has an owner')
      this.#speakers.set(key, {
        owner,
        epoch: Math.max(epoch, before?.epoch ?? epoch),
        lively: this.#lively,
        floorMicros: before?.floorMicros ?? WORD_MICROS,
        floorEpoch: before?.floorEpoch ?? this.#epoch,
      })
    }
    for (const { device, floorMicros: micros } of floors) {
      const key = toHex(this.#domainOf(device))
      const speaker = this.#speakers.get(key)
      if (speaker === undefined) continue
      this.#speakers.set(key, { ...speaker, floorMicros: micros, floorEpoch: this.#epoch })
    }
  }

  #scored(): readonly ScoredDevice[] {
    return [...this.#speakers.values()]
      .filter(({ epoch }) => this.#epoch - epoch <= SCORED_EPOCHS)
      .map((speaker) => ({
        device: speaker.owner,
        domain: this.#domainOf(speaker.owner),
        floorMicros: this.#floorNow(speaker),
      }))
  }

  #floorNow({ floorMicros: micros, floorEpoch }: Speaker): number {
    return this.#epoch - floorEpoch <= FLOOR_EPOCHS ? micros : WORD_MICROS
  }

  #draw(scores: ScoreVector): Committee {
    const { crypto, founder } = this.#context
    const owners = new Map<string, PeerId>([[toHex(this.#domainOf(founder)), founder]])
    const present: Candidate[] = []
    for (const [key, { owner, lively }] of this.#speakers) {
      owners.set(key, owner)
      const isSilent = this.#lively - lively > SILENT_EPOCHS_MAX
      if (isSilent || this.#departures.hasLeft(owner)) continue
      present.push(this.#candidate(owner, scores))
    }
    const anchor = this.#candidate(founder, scores)
    const isAnchored = !anchor.faulted && !this.#departures.hasLeft(founder)
    const drawn = drawCommittee(crypto.sha256, {
      beacon: this.#beacon.value,
      anchors: isAnchored ? [anchor.domain] : [],
      candidates: mayBeDrawn(present),
      seated: this.#committees.afterNext.map((owner) => this.#domainOf(owner)),
    })
    const committee = drawn.flatMap((domain) => owners.get(toHex(domain)) ?? [])
    // A mesh in which nobody may sit keeps those who do: somebody has to be able to go on.
    return committee.length === 0 ? this.#committees.afterNext : committee
  }

  #candidate(owner: PeerId, scores: ScoreVector): Candidate {
    const domain = this.#domainOf(owner)
    const { mass, age, presentPermille, faulted } = this.#state.facts(domain)
    const micros = scores.of(owner)?.micros ?? 0
    // Whoever is here was invited by a member.
    return { domain, mass, micros, age, presentPermille, faulted, vouched: true }
  }

  /** What has been said of leaving, read against what this fold has of each device. */
  #departing(left: PackedDepartures = []): Departures {
    const { crypto, network } = this.#context
    const latestOf = (device: PeerId): number => this.latestOf(this.#domainOf(device))
    return new Departures({ crypto, network, latestOf }, left)
  }

  #domainOf(owner: PeerId): Uint8Array {
    const { crypto, network } = this.#context
    return domainIdOf(crypto.sha256, { network, owner })
  }
}
