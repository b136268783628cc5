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
import {
  areParameters,
  type Committee,
  type CutBody,
  decodeChange,
} from '../../protocols/epoch/index.ts'
import {
  faultEpochsOf,
  Beacon,
  type Candidate,
  domainIdOf,
  drawCommittee,
  explain,
  type Explanation,
  mayBeDrawn,
  type OwnerPlace,
  type Owners,
  type ProvenFault,
  type ScoredDevice,
  type ScoreVector,
  type Tie,
  TrustState,
} from '../../trust/index.ts'
import type { HardwareFloor } from './attested-floors.ts'
import { Accusations } from './accusations.ts'
import { AgreedParameters } from './agreed-parameters.ts'
import { type AuditedTask, AuditReader } from './audited-task.ts'
import { type CountedAudit, CountedAudits } from './counted-audits.ts'
import { rootsOf } from './cut-order.ts'
import { Departures } from './departures.ts'
import { fateOfProof, isAmnesia, provenBy } from './evidence-kinds.ts'
import type { PackedDepartures, PackedFold } from './fold-snapshot.ts'
import { OwnerFold, type Spoken } from './owner-fold.ts'
import { Speakers } from './speakers.ts'

/** The mesh whose trust is folded. */
export interface FoldContext {
  readonly crypto: Crypto
  readonly network: Uint8Array
  /** Decides alone until others are there; trust starts here, until the mesh has agreed on other anchors. */
  readonly founder: PeerId
  /** What the genesis says of epochs, as it is encoded. */
  readonly parameters: Uint8Array
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

/** Epochs from the one that scores are of to the one whose seats they lead to. */
const SEATS_AHEAD = 2

export class TrustFold {
  readonly #context: FoldContext
  #state: TrustState
  #beacon: Beacon
  #speakers: Speakers
  /** The epoch in which the founder began the mesh again last: who has not spoken since is not waited for. */
  #begun = 0
  #epoch = -1
  readonly #reader: AuditReader
  #audits: CountedAudits
  #accusations: Accusations
  #departures: Departures
  #parameters: AgreedParameters
  #owners: OwnerFold
  #committees: { readonly next: Committee; readonly afterNext: Committee }

  constructor(context: FoldContext, reader = new AuditReader(context.crypto, context.network)) {
    const { crypto, network, founder } = context
    this.#context = context
    this.#parameters = new AgreedParameters(context)
    this.#owners = this.#owning()
    this.#reader = reader
    this.#audits = new CountedAudits(crypto.sha256)
    this.#accusations = new Accusations(crypto, network)
    this.#accusations.open(0, [founder])
    this.#departures = this.#departing()
    this.#state = new TrustState(crypto.sha256, this.#seedsIn(0))
    this.#beacon = new Beacon(crypto.sha256, network)
    this.#committees = { next: [founder], afterNext: [founder] }
    this.#speakers = new Speakers((device) => this.#domainOf(device))
  }

  /** The same, to try a cut on that is not decided yet. */
  copy(): TrustFold {
    const copy = new TrustFold(this.#context, this.#reader)
    copy.#state = this.#state.copy()
    copy.#beacon = this.#beacon.copy()
    copy.#speakers = this.#speakers.copy()
    copy.#begun = this.#begun
    copy.#audits = this.#audits.copy()
    copy.#accusations = this.#accusations.copy()
    copy.#departures = copy.#departing(this.#departures.pack())
    copy.#parameters = this.#parameters
    copy.#owners = copy.#owning(this.owners.ties)
    copy.#epoch = this.#epoch
    copy.#committees = this.#committees
    return copy
  }

  /** All of it, to be kept; not before the first epoch. */
  pack(): PackedFold {
    const { speakers, lively } = this.#speakers.pack()
    return {
      epoch: this.#epoch,
      trust: { state: this.#state.pack(), beacon: this.#beacon.pack() },
      speakers,
      lively,
      begun: this.#begun,
      next: this.#committees.next,
      afterNext: this.#committees.afterNext,
      audits: this.#audits.pack(speakers.map(({ owner }) => owner)),
      accusations: this.#accusations.pack(),
      departures: this.#departures.pack(),
      owners: this.owners.ties,
      changes: this.#parameters.changes,
    }
  }

  /** The same again; undefined when it does not fit together, or is of another founder. */
  unpack(packed: PackedFold): TrustFold | undefined {
    const { crypto, network } = this.#context
    const { epoch, trust, speakers, lively, begun, next, afterNext, changes } = packed
    if (!changes.every(({ parameters }) => areParameters(parameters))) return undefined
    const fold = new TrustFold(this.#context, this.#reader)
    fold.#parameters = new AgreedParameters(this.#context, changes)
    fold.#owners = fold.#owning(packed.owners)
    const state = TrustState.unpack(crypto.sha256, fold.#seedsIn(epoch), trust.state)
    const accusations = Accusations.unpack(crypto, network, packed.accusations)
    if (state === undefined || accusations === undefined || state.epoch !== epoch) return undefined
    const peers = speakers.map(({ owner }) => owner)
    fold.#state = state
    fold.#beacon = Beacon.unpack(crypto.sha256, trust.beacon)
    fold.#speakers = new Speakers((device) => this.#domainOf(device), { speakers, lively })
    fold.#begun = begun
    fold.#epoch = epoch
    fold.#audits = CountedAudits.unpack(crypto.sha256, packed.audits, peers)
    fold.#accusations = accusations
    fold.#departures = fold.#departing(packed.departures)
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
    return this.#speakers.latestOf(domain)
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
  hardwareOf(device: PeerId): HardwareFloor {
    return this.#speakers.hardwareOf(device, this.#epoch)
  }

  /** Reads audits as they travel, each once. */
  get reader(): AuditReader {
    return this.#reader
  }

  /** Which device belongs to the domain of which. */
  get owners(): Owners {
    return this.#owners.table
  }

  /** What words about owners are held against in a cut of the next epoch. */
  ownerPlace(epoch: number): OwnerPlace {
    return {
      epoch,
      isKnown: (device) => this.hasEverSpoken(device),
      isAnchor: (device) => this.#parameters.anchorsFrom(epoch).includes(device),
    }
  }

  /** True when all of these words about owners hold, and count beside each other in a cut of `epoch`. */
  countsAll(words: readonly Uint8Array[], epoch: number): boolean {
    return this.#owners.countsAll(words, this.ownerPlace(epoch))
  }

  /** The audits that count, and by whom others are drawn. */
  get audits(): CountedAudits {
    return this.#audits
  }

  /** What the mesh has agreed on about its epochs. */
  get parameters(): AgreedParameters {
    return this.#parameters
  }

  /** The parameters after a change in the cut of an epoch; undefined when who decides on it there does not want it. */
  changedIn(epoch: number, encoded: Uint8Array): AgreedParameters | undefined {
    const { crypto, network } = this.#context
    const change = decodeChange(encoded)
    if (change.type === 'refused') return undefined
    const anchors = this.anchorsAsked(change.value.parameters, epoch)
    const place = { network, epoch, committee: this.#committees.next, anchors }
    return this.#parameters.after(crypto.verify, place, change.value)
  }

  /** Anchors of which two thirds have to want these parameters in an epoch: all that can be asked, where they move. */
  anchorsAsked(parameters: Uint8Array, epoch: number): readonly PeerId[] {
    if (!this.#parameters.movesAnchors(parameters, epoch)) return []
    return this.#parameters.valuesAt(epoch).anchors.filter((anchor) => this.#hasSay(anchor))
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
    const ties = this.#owners.turningIn(this.#epoch, epoch)
    const spoken = this.#owners.spokenIn(cut, epoch)
    const statements = spoken.map(({ statement }) => statement)
    if (cut.change !== undefined) {
      this.#parameters = this.changedIn(epoch, cut.change) ?? this.#parameters
    }
    const faults = [...this.#provenIn(cut), ...this.#unanswered(cut)]
    const audits = cut.audits.flatMap((encoded) => this.#counted(encoded, epoch) ?? [])
    // What was found wrong counts after the device has gone as well; what was found right raises nothing any more.
    const counting = audits.filter(
      ({ provider, passed }) => !passed || !this.#departures.hasLeft(provider),
    )
    const verdicts = this.#owners.verdictsOf(counting, epoch)
    this.#departures.takeAll(cut.evidence, epoch)
    this.#state.reseed(this.#seedsIn(epoch))
    this.#state.fold({ epoch, ties, statements, verdicts, faults })
    this.#owners.take(cut.owners, this.ownerPlace(epoch))
    this.#beacon.fold(statements)
    this.#epoch = epoch
    this.#note(cut, spoken)
    this.#audits.open(epoch, { beacon: this.#beacon.value, present: this.#present() })
    const scores = this.#state.scores(this.#scored())
    const afterNext = this.#draw(scores)
    this.#committees = { next: this.#committees.afterNext, afterNext }
    this.#accusations.open(epoch + 1, this.#committees.next)
    return {
      ...rootsOf(crypto, cut),
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
    this.#speakers.forgetSeats()
    this.#begun = epoch
  }

  /** Proofs of a cut that hold by themselves, against who can be at fault. */
  #provenIn({ evidence }: CutBody): readonly ProvenFault[] {
    const { crypto, network } = this.#context
    const proven = evidence.flatMap((item) => provenBy(crypto, network, item) ?? [])
    return proven.filter((one) => fateOfProof(one, this) === 'counts')
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
  #present(): ReadonlyMap<PeerId, PeerId> {
    const lately = this.#speakers.latelyIn(this.#epoch)
    const there = lately.filter((device) => !this.#departures.hasLeft(device))
    return this.#owners.speakersOf(there, this.#epoch)
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
          (fault.kind === kind && this.#epoch + 1 - fault.epoch < faultEpochsOf(kind)),
      )
  }

  #note({ floors }: CutBody, spoken: readonly Spoken[]): void {
    const seated = new Set(this.#committees.next)
    const voices = new Set(spoken.map(({ owner }) => owner).filter((owner) => seated.has(owner)))
    this.#speakers.noteSeats(voices.size, seated.size)
    for (const { device, epoch } of this.#owners.heardIn(spoken)) {
      this.#speakers.hear(device, epoch, this.#epoch)
    }
    for (const { device, ...seen } of floors) this.#speakers.see(device, seen, this.#epoch)
  }

  #scored(): readonly ScoredDevice[] {
    return this.#speakers.scoredIn(this.#epoch).map((device) => ({
      device,
      domain: this.#owners.homeOf(device, this.#epoch),
      floorMicros: this.hardwareOf(device).micros,
    }))
  }

  #draw(scores: ScoreVector): Committee {
    const { crypto } = this.#context
    const { anchors, seatsMax } = this.#parameters.valuesAt(this.#epoch)
    // An anchor keeps its seat when it falls silent: nobody shuts anchors out by cutting their cables.
    const seated = anchors.filter((anchor) => this.#hasSay(anchor) && this.#hasBegun(anchor))
    // The seats are those of two epochs later: who belongs to another by then has none.
    const inSeats = this.#epoch + SEATS_AHEAD
    const isFree = (device: PeerId): boolean => this.owners.speakerOf(device, inSeats) === device
    const present = this.#speakers
      .present()
      .filter((device) => isFree(device) && !this.#departures.hasLeft(device))
      .map((device) => this.#candidate(device, scores))
    const speakers = this.#speakers.all().map(({ owner }) => owner)
    const owners = new Map(speakers.map((device) => [toHex(this.#domainOf(device)), device]))
    const drawn = drawCommittee(crypto.sha256, {
      beacon: this.#beacon.value,
      anchors: this.#owners.homesOf(seated, inSeats),
      candidates: mayBeDrawn(present),
      seated: this.#committees.afterNext.map((owner) => this.#domainOf(owner)),
      seatsMax,
    })
    const committee = drawn.flatMap((domain) => owners.get(toHex(domain)) ?? [])
    // A mesh in which nobody may sit keeps those who do: somebody has to be able to go on.
    return committee.length === 0 ? this.#committees.afterNext : committee
  }

  /** True for a device that is not at fault, and has not left. */
  #hasSay(device: PeerId): boolean {
    const { faulted } = this.#state.facts(this.#owners.homeOf(device, this.#epoch))
    return !faulted && !this.#departures.hasLeft(device)
  }

  /** True for a device that has spoken since the mesh began, or was begun again. */
  #hasBegun(device: PeerId): boolean {
    return this.latestOf(this.#domainOf(device)) >= this.#begun
  }

  /** Domains where trust starts in an epoch. */
  #seedsIn(epoch: number): readonly Uint8Array[] {
    return this.#owners.homesOf(this.#parameters.valuesAt(epoch).anchors, epoch)
  }

  #candidate(owner: PeerId, scores: ScoreVector): Candidate {
    const domain = this.#domainOf(owner)
    const { mass, age, presentPermille, faulted } = this.#state.facts(domain)
    const micros = scores.bestOf(domain)
    const { vendor } = this.hardwareOf(owner)
    return { domain, mass, micros, age, presentPermille, faulted, vendor }
  }

  /** What has been said of leaving, read against what this fold has of each device. */
  #departing(left: PackedDepartures = []): Departures {
    const { crypto, network } = this.#context
    const latestOf = (device: PeerId): number => this.latestOf(this.#domainOf(device))
    return new Departures({ crypto, network, latestOf }, left)
  }

  #owning(ties: readonly Tie[] = []): OwnerFold {
    const domainOf = (device: PeerId): Uint8Array => this.#domainOf(device)
    return new OwnerFold({ ...this.#context, domainOf }, ties)
  }

  #domainOf(owner: PeerId): Uint8Array {
    const { crypto, network } = this.#context
    return domainIdOf(crypto.sha256, { network, owner })
  }
}
