/**
 * Everything that scores follow from, carried from one certified epoch to the next.
 *
 * Whoever folds the same cuts in the same order has the same state, bit for bit; the order of what is
 * inside a cut does not matter. It takes what was checked elsewhere: statements that are signed,
 * proofs that hold, verdicts of the majority of their auditors.
 *
 * @module
 */

import { bytesEqual, compareBytes } from '../core/bytes.ts'
import type { Sha256 } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { ceilingMicros } from './attested.ts'
import { DayWindow } from './day-window.ts'
import { DomainHomes } from './domain-homes.ts'
import { DomainTable } from './domain-table.ts'
import type { TrustErrorCode } from './errors.ts'
import { type DatedFault, FaultRecords, type ProvenFault } from './fault-records.ts'
import { graphRoot } from './graph-root.ts'
import { EPOCHS_PER_DAY, LATE_EPOCHS_MAX } from './limits.ts'
import type { PackedTrustState } from './packed.ts'
import { type Score, scoreMicros } from './score.ts'
import { ScoreVector } from './score-vector.ts'
import { auditFactorQ16, auditLowerBoundQ16, type AuditCounts, standingMicros } from './standing.ts'
import { dayOf, type Statement, type StatementRow } from './statement.ts'
import { walkGraphOf } from './transition.ts'
import { seededWalk, type WalkGraph } from './walk.ts'
import { type PairSide, WorkGraph } from './work-graph.ts'

/** A majority of auditors found the work of a domain right, or not. */
export interface AuditVerdict {
  readonly provider: Uint8Array
  readonly passed: boolean
}

/** That a device's own domain becomes part of another one, or leaves it. */
export interface DomainTie {
  readonly device: Uint8Array
  readonly owner: Uint8Array
  readonly binds: boolean
}

/** What a committee decided to be in an epoch. */
export interface Cut {
  readonly epoch: number
  /** What begins to hold with it. */
  readonly ties?: readonly DomainTie[]
  readonly statements: readonly Statement[]
  readonly verdicts: readonly AuditVerdict[]
  readonly faults: readonly ProvenFault[]
}

/** A statement that did not count, or a row of it, or a fault of who is not there. */
export interface Uncounted {
  readonly domain: Uint8Array
  readonly epoch: number
  readonly code: TrustErrorCode
}

/** A device that gets a score, and what its attestation is worth in this epoch. */
export interface ScoredDevice {
  readonly device: PeerId
  readonly domain: Uint8Array
  readonly floorMicros: number
}

/** What domains hold after the walk. */
export interface Standings {
  /** By the number of a domain. */
  readonly mass: Float64Array
  readonly graph: WalkGraph
  /** Root over the rows of the walk, by domain. */
  readonly graphRoot: Uint8Array
}

/** What is known of one domain. */
export interface DomainFacts {
  readonly mass: number
  readonly audits: AuditCounts
  readonly faulted: boolean
  /** Kinds and epochs of all that was ever proven. */
  readonly record: readonly DatedFault[]
  /** Epochs since its first statement. */
  readonly age: number
  /** Statements that are counted of those that it could have made since yesterday began, in thousandths. */
  readonly presentPermille: number
}

/** Statements that are remembered of a domain against replay: bits of a number. */
const REMEMBERED = LATE_EPOCHS_MAX + 1

export class TrustState {
  domains = new DomainTable()
  work = new WorkGraph()
  readonly #sha256: Sha256
  #seeds: readonly Uint8Array[] = []
  #passed = new DayWindow()
  #failed = new DayWindow()
  #present = new DayWindow()
  /** The latest epoch of a domain's statements, and one bit for each of those before it. */
  #seen: { latest: number; bits: number; first: number }[] = []
  #faults = new FaultRecords()
  #homes = new DomainHomes()
  #epoch = 0
  #standings: Standings | undefined

  /** @param seeds - Domains where trust starts, as the mesh has agreed; at least one. */
  constructor(sha256: Sha256, seeds: readonly Uint8Array[]) {
    this.#sha256 = sha256
    this.reseed(seeds)
  }

  /** Trust starts at these domains from now on: the next walk begins there, with all the mass that there is. */
  reseed(seeds: readonly Uint8Array[]): void {
    this.#seeds = seeds.toSorted(compareBytes)
    for (const seed of this.#seeds) this.#intern(seed)
    this.#standings = undefined
  }

  /** The last epoch that was folded. */
  get epoch(): number {
    return this.#epoch
  }

  /** The same state, to try a cut on that is not decided yet. */
  copy(): TrustState {
    const copy = new TrustState(this.#sha256, this.#seeds)
    copy.domains = this.domains.copy()
    copy.work = this.work.copy()
    copy.#passed = this.#passed.copy()
    copy.#failed = this.#failed.copy()
    copy.#present = this.#present.copy()
    copy.#seen = this.#seen.map((seen) => ({ ...seen }))
    copy.#faults = this.#faults.copy()
    copy.#homes = this.#homes.copy()
    copy.#epoch = this.#epoch
    return copy
  }

  /** All of it, to be kept. */
  pack(): PackedTrustState {
    const { size } = this.domains
    const seen = Array.from({ length: size }, (_, index) => this.#seen[index])
    return {
      epoch: this.#epoch,
      seeds: this.#seeds,
      domains: this.domains.pack(),
      work: this.work.pack(),
      passed: this.#passed.pack(size),
      failed: this.#failed.pack(size),
      present: this.#present.pack(size),
      seen: Uint32Array.from(
        seen.flatMap((one) =>
          one === undefined ? [0, 0, 0, 0] : [1, one.latest, one.bits, one.first],
        ),
      ),
      faults: this.#faults.pack(),
      homes: this.#homes.pack(),
    }
  }

  /** The same again; undefined when it is not of these seeds, or not all of it fits together. */
  static unpack(
    sha256: Sha256,
    seeds: readonly Uint8Array[],
    packed: PackedTrustState,
  ): TrustState | undefined {
    const state = new TrustState(sha256, seeds)
    const isOurs =
      packed.seeds.length === seeds.length &&
      state.#seeds.every((seed, at) => bytesEqual(seed, packed.seeds[at] ?? NO_ID))
    const domains = DomainTable.unpack(packed.domains)
    if (!isOurs || domains === undefined) return undefined
    const { size } = domains
    const work = WorkGraph.unpack(packed.work, size)
    const windows = [packed.passed, packed.failed, packed.present].map((window) =>
      DayWindow.unpack(window, size),
    )
    const [passed, failed, present] = windows
    const homes = DomainHomes.unpack(packed.homes, size)
    const hasSeeds = state.#seeds.every((seed) => domains.find(seed) >= 0)
    const isWhole = hasSeeds && packed.seen.length === SEEN_WORDS * size
    if (work === undefined || homes === undefined || !isWhole) return undefined
    if (passed === undefined || failed === undefined || present === undefined) return undefined
    state.domains = domains
    state.work = work
    state.#passed = passed
    state.#failed = failed
    state.#present = present
    state.#homes = homes
    state.#restore(packed)
    return state
  }

  #restore({ epoch, seen, faults }: PackedTrustState): void {
    this.#epoch = epoch
    for (let index = 0; index < this.domains.size; index++) {
      const at = SEEN_WORDS * index
      const [spoke, latest, bits, first] = seen.subarray(at, at + SEEN_WORDS)
      if (spoke !== 1) continue
      this.#seen[index] = { latest: latest ?? 0, bits: bits ?? 0, first: first ?? 0 }
    }
    this.#faults = FaultRecords.unpack(faults)
  }

  /** Folds what was decided; returns what did not count, and why. */
  fold(cut: Cut): readonly Uncounted[] {
    this.#standings = undefined
    this.#epoch = cut.epoch
    const day = dayOf(cut.epoch)
    this.work.open(day)
    for (const window of [this.#passed, this.#failed, this.#present]) window.open(day)
    this.#tie(cut.ties ?? [])
    const ordered = cut.statements.toSorted(
      (a, b) => compareBytes(a.domain, b.domain) || a.epoch - b.epoch,
    )
    // Rows about a domain that never spoke are not kept: nobody can make up domains for others to remember.
    for (const { domain } of ordered) this.#intern(domain)
    const uncounted = ordered.flatMap((statement) => this.#count(statement))
    for (const { provider, passed } of cut.verdicts) {
      const index = this.#intern(provider)
      ;(passed ? this.#passed : this.#failed).increment(index)
    }
    const byEvidence = cut.faults.toSorted((a, b) => compareBytes(a.evidence, b.evidence))
    return [...uncounted, ...byEvidence.flatMap((fault) => this.#record(fault))]
  }

  /** Where the walk over everything that was folded ends. Computed once an epoch. */
  standings(): Standings {
    if (this.#standings !== undefined) return this.#standings
    const { domains, work } = this
    const ranks = domains.ranks()
    const bounds = Array.from({ length: domains.size }, (_, index) =>
      this.isFaulted(index) ? 0 : auditLowerBoundQ16(this.#audits(index)),
    )
    const graph = walkGraphOf(
      {
        count: work.size,
        from: (edge) => work.requester(edge),
        to: (edge) => work.provider(edge),
        weight: (edge) => {
          const trusted = bounds[work.requester(edge)] === 0 ? 0 : work.weight(edge)
          return Math.floor((trusted * (bounds[work.provider(edge)] as number)) / 65_536)
        },
      },
      ranks,
    )
    const seeds = Uint32Array.from(this.#seeds, (seed) => domains.find(seed))
    const mass = seededWalk(graph, seeds)
    this.#standings = { mass, graph, graphRoot: graphRoot(this.#sha256, graph, domains) }
    return this.#standings
  }

  /** The scores of all devices in the epoch that was folded last. */
  scores(devices: readonly ScoredDevice[]): ScoreVector {
    return new ScoreVector(
      this.#sha256,
      devices.map((device) => this.score(device)),
    )
  }

  /** The score of one device in the epoch that was folded last. */
  score({ device, domain, floorMicros }: ScoredDevice): Score {
    const { mass, audits, faulted } = this.facts(domain)
    const standing = standingMicros(mass, this.#seeds.length, audits)
    return {
      epoch: this.#epoch,
      device,
      domain,
      micros: scoreMicros({ floorMicros, standingMicros: standing, audits, faulted }),
      floorMicros,
      ceilingMicros: ceilingMicros(floorMicros),
      standingMicros: standing,
      auditFactorQ16: auditFactorQ16(audits),
      faulted,
    }
  }

  /** What is known of a domain; of one that nobody spoke of, nothing. */
  facts(domain: Uint8Array): DomainFacts {
    const index = this.domains.find(domain)
    const seen = this.#seen[index]
    if (index < 0) return NOTHING_KNOWN
    return {
      mass: this.standings().mass[index] as number,
      audits: this.#audits(index),
      faulted: this.isFaulted(index),
      record: this.#faults.of(this.#homes.partsOf(index)),
      age: seen === undefined ? 0 : this.#epoch - seen.first,
      presentPermille: this.#presentPermille(index),
    }
  }

  /** How many seeds trust starts at. */
  get seedCount(): number {
    return this.#seeds.length
  }

  /** True while a proven fault of the domain of this number counts. */
  isFaulted(index: number): boolean {
    return this.#faults.areFaulted(this.#homes.partsOf(index), this.#epoch)
  }

  /**
   * What begins to hold. Work goes to the owner, and stays there; a fault of either follows both; audits are
   * those of the devices that are there, and one that failed stays with the owner when the device leaves.
   */
  #tie(ties: readonly DomainTie[]): void {
    const ordered = ties.toSorted((a, b) => compareBytes(a.device, b.device))
    for (const { device, owner } of ordered.filter(({ binds }) => !binds)) {
      const [left, from] = [this.#intern(device), this.#intern(owner)]
      const record = this.#faults.of(this.#homes.partsOf(from))
      for (const index of [left, from]) this.#faults.set(index, record)
      this.#failed.add(left, from)
      this.#homes.part(left)
    }
    const bound = ordered.filter(({ binds }) => binds)
    for (const { device, owner } of bound) {
      this.#homes.bind(this.#intern(device), this.#intern(owner))
    }
    if (bound.length > 0) this.work.contract((domain) => this.#homes.of(domain))
  }

  #intern(domain: Uint8Array): number {
    const index = this.domains.intern(domain)
    for (const window of [this.#passed, this.#failed, this.#present]) window.reserve(index + 1)
    return index
  }

  #count(statement: Statement): readonly Uncounted[] {
    const { domain, epoch } = statement
    const late = this.#epoch - epoch
    if (late < 0 || late > LATE_EPOCHS_MAX) {
      return [{ domain, epoch, code: 'TRUST_EPOCH_INVALID' }]
    }
    const index = this.domains.find(domain)
    if (this.#homes.of(index) !== index) return [{ domain, epoch, code: 'TRUST_DOMAIN_BOUND' }]
    if (!this.#see(index, epoch)) return [{ domain, epoch, code: 'TRUST_STATEMENT_REPLAYED' }]
    this.#present.increment(index)
    const counted =
      this.#countRows(index, 'provider', epoch, statement.provided) &&
      this.#countRows(index, 'requester', epoch, statement.consumed)
    return counted ? [] : [{ domain, epoch, code: 'TRUST_ROWS_INVALID' }]
  }

  #countRows(self: number, side: PairSide, epoch: number, rows: readonly StatementRow[]): boolean {
    const day = dayOf(epoch)
    let all = true
    for (const { peer, milliCredits } of rows) {
      const known = this.domains.find(peer)
      const other = this.#homes.of(known)
      // What devices of one owner do for each other is nobody's work.
      if (other < 0 || other === self) continue
      const pair =
        side === 'provider'
          ? { requester: other, provider: self }
          : { requester: self, provider: other }
      all = this.work.claim(pair, side, day, milliCredits) && all
    }
    return all
  }

  /** True the first time that an epoch of a domain is seen. */
  #see(index: number, epoch: number): boolean {
    const seen = this.#seen[index]
    if (seen === undefined) {
      this.#seen[index] = { latest: epoch, bits: 1, first: this.#epoch }
      return true
    }
    const ahead = epoch - seen.latest
    if (ahead > 0) {
      const kept = ahead < REMEMBERED ? seen.bits * 2 ** ahead : 0
      seen.bits = (kept % 2 ** REMEMBERED) + 1
      seen.latest = epoch
      return true
    }
    const bit = 2 ** -ahead
    if (Math.floor(seen.bits / bit) % 2 === 1) return false
    seen.bits += bit
    return true
  }

  /** A proof against a domain that has no part in the mesh is not kept: keys that sign two things are made up at will. */
  #record(fault: ProvenFault): readonly Uncounted[] {
    const { domain } = fault
    const index = this.domains.find(domain)
    if (index < 0) return [{ domain, epoch: this.#epoch, code: 'TRUST_DOMAIN_UNKNOWN' }]
    this.#faults.add(index, { ...fault, epoch: this.#epoch })
    return []
  }

  #presentPermille(index: number): number {
    const age = this.#epoch - (this.#seen[index]?.first ?? this.#epoch)
    const possible = Math.min(age, EPOCHS_PER_DAY + (this.#epoch % EPOCHS_PER_DAY)) + 1
    return Math.min(1_000, Math.floor((1_000 * this.#present.recent(index)) / possible))
  }

  /** Of all devices of a domain. */
  #audits(index: number): AuditCounts {
    const parts = this.#homes.partsOf(index)
    return {
      passed: parts.reduce((sum, part) => sum + this.#passed.total(part), 0),
      failed: parts.reduce((sum, part) => sum + this.#failed.total(part), 0),
    }
  }
}

/** Numbers that tell what was seen of a domain, where it is kept: whether it spoke, and when. */
const SEEN_WORDS = 4

const NO_ID = new Uint8Array()

const NOTHING_KNOWN: DomainFacts = {
  mass: 0,
  audits: { passed: 0, failed: 0 },
  faulted: false,
  record: [],
  age: 0,
  presentPermille: 0,
}
