/**
 * Weeks of a mesh whose domains work for one another, and the trust that everybody computes from what they say.
 *
 * Honest work is drawn from a generator of its own: the same mesh can be run again without its attackers,
 * to see what they changed.
 *
 * @module
 */

import { compareBytes, toHex, utf8 } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import { SeededRandom } from '../core/random.ts'
import {
  anchorSeats,
  type AuditVerdict,
  type Cut,
  type DomainTie,
  drawCommittee,
  effectiveDomains,
  floorMicros,
  mayBeDrawn,
  type ProvenFault,
  seatCount,
  type Statement,
  type StatementRow,
  TRUST_LIMITS,
  TrustState,
} from '../trust/index.ts'
import { below } from './faults.ts'
import { simHash } from './sim-hash.ts'
import { Trace } from './trace.ts'
import { inflowTo } from './trust-inflow.ts'

const { EPOCHS_PER_DAY, LATE_EPOCHS_MAX } = TRUST_LIMITS
/** Cuts of a day in which statements are counted: sums run from its beginning, so that fewer say the same. */
const CUTS_PER_DAY = 4

/** What is simulated. */
export interface TrustPlan {
  readonly honest: number
  /** The first of them, where trust starts. */
  readonly seeds: number
  /** Where it starts on a day, by their numbers, in a mesh that agrees on other anchors: at those, where this is left out. */
  readonly anchorsOn?: (day: number) => readonly number[]
  readonly days: number
  /** Domains for which an honest one works on a day. */
  readonly customersPerDay: number
  /** Share of statements that come to no cut. */
  readonly loss: number
  /** Share of statements that come late, as late as they may. */
  readonly late: number
  readonly attackers: readonly Attacker[]
  /** Whether an honest domain, by its number, is there on a day. All are, always, where this is left out. */
  readonly isThere?: (number: number, day: number) => boolean
}

/** One domain did something for another, and what each of them says of it, in thousandths of a credit. */
export interface Deed {
  readonly requester: Uint8Array
  readonly provider: Uint8Array
  /** 0 to say nothing. */
  readonly requesterSays: number
  readonly providerSays: number
}

/** What an attacker does on one day. */
export interface AttackDay {
  /** Domains that make statements. */
  readonly domains: readonly Uint8Array[]
  readonly deeds: readonly Deed[]
  readonly verdicts: readonly AuditVerdict[]
  readonly faults: readonly ProvenFault[]
  /** Devices that come to belong to an owner on this day, or leave it. */
  readonly ties?: readonly DomainTie[]
}

/** Somebody with a plan. */
export interface Attacker {
  /** All its domains, from the first day to the last. */
  readonly domains: readonly Uint8Array[]
  day(day: number, mesh: HonestMesh, random: SeededRandom): AttackDay
}

/** What an attacker sees of the others. */
export interface HonestMesh {
  readonly domains: readonly Uint8Array[]
}

/** What is known at the end of a day. */
export interface DayEnd {
  readonly day: number
  readonly mass: ReadonlyMap<string, number>
  /** What everybody computes of each domain, in millionths, with hardware of the tier `tpm`. */
  readonly micros: ReadonlyMap<string, number>
  /** Mass that went from the honest to attackers in the last step of the walk. */
  readonly inflow: number
  readonly root: string
  /** Of another device, which folded the same cuts in another order. */
  readonly otherRoot: string
  readonly committee: SimCommittee
  /** Where trust starts on that day. */
  readonly anchors: ReadonlySet<string>
}

/** Who would decide the epoch after this day. */
export interface SimCommittee {
  readonly seats: readonly string[]
  /** Who could have been drawn, anchors included. */
  readonly eligible: ReadonlySet<string>
  /** Seats that are kept for anchors. */
  readonly anchorSeats: number
}

const NETWORK = simHash(utf8('mesh'))

/** Of a device of the tier `tpm`: what every domain here scores before anybody worked with it. */
export const FLOOR_MICROS = floorMicros({
  tier: 'tpm',
  secureBoot: false,
  tpmBesideTee: false,
  measuredBuild: false,
})

export class TrustWorld {
  readonly plan: TrustPlan
  readonly honest: readonly Uint8Array[]
  readonly ends: DayEnd[] = []
  readonly story: string[] = []
  events = 0
  readonly #work: SeededRandom
  readonly #attack: SeededRandom
  readonly #weather: SeededRandom
  readonly #trace = new Trace()
  readonly #state: TrustState
  #other: TrustState
  #seated: readonly Uint8Array[] = []
  /** Domains that are part of others. */
  readonly #homes = new Map<string, Uint8Array>()

  constructor(plan: TrustPlan, seed: number) {
    this.plan = plan
    this.#work = SeededRandom.fromInteger(seed)
    this.#attack = SeededRandom.fromInteger(seed ^ 0x5bd1e995)
    this.#weather = SeededRandom.fromInteger(seed ^ 0x27d4eb2f)
    this.honest = Array.from({ length: plan.honest }, (_, at) => simDomain(`honest ${at}`))
    const seeds = this.#anchorsOn(0)
    this.#state = new TrustState(simHash, seeds)
    this.#other = new TrustState(simHash, seeds)
  }

  /** The same mesh as if there were no attackers. */
  withoutAttackers(seed: number): TrustWorld {
    return new TrustWorld({ ...this.plan, attackers: [] }, seed)
  }

  run(): this {
    for (let day = 0; day < this.plan.days; day++) this.#day(day)
    return this
  }

  get lastDay(): DayEnd {
    const end = this.ends.at(-1)
    invariant(end !== undefined, 'a world has run')
    return end
  }

  traceHash(): string {
    return this.#trace.digest()
  }

  /** Domains where trust starts on a day. */
  #anchorsOn(day: number): readonly Uint8Array[] {
    const { anchorsOn, seeds } = this.plan
    const numbers = anchorsOn?.(day) ?? Array.from({ length: seeds }, (_, number) => number)
    return numbers.flatMap((number) => this.honest[number] ?? [])
  }

  /** The mesh agrees on the anchors of the day; the other device starts again with what it kept. */
  #reseed(day: number): void {
    const before = this.#anchorsOn(Math.max(0, day - 1))
    const other = TrustState.unpack(simHash, before, this.#other.pack())
    invariant(other !== undefined, 'what is kept is of the seeds of the day before')
    this.#other = other
    for (const state of [this.#state, other]) state.reseed(this.#anchorsOn(day))
  }

  #day(day: number): void {
    if (this.plan.anchorsOn !== undefined) this.#reseed(day)
    const attacks = this.plan.attackers.map((attacker) =>
      attacker.day(day, { domains: this.honest }, this.#attack),
    )
    const there = this.honest.filter((_, at) => this.plan.isThere?.(at, day) ?? true)
    const deeds = [...this.#honestDeeds(there), ...attacks.flatMap((attack) => attack.deeds)]
    const attackers = attacks.flatMap((attack) => attack.domains)
    const ties = attacks.flatMap((attack) => attack.ties ?? [])
    for (const { device, owner, binds } of ties) {
      if (binds) this.#homes.set(toHex(device), owner)
      else this.#homes.delete(toHex(device))
    }
    const sums = sumsBySpeaker(deeds)
    for (let cut = 1; cut <= CUTS_PER_DAY; cut++) {
      const epoch = day * EPOCHS_PER_DAY + (cut * EPOCHS_PER_DAY) / CUTS_PER_DAY - 1
      const told = (speakers: readonly Uint8Array[], weather: SeededRandom) =>
        speakers.flatMap((domain) => this.#statement(weather, rowsOf(sums, domain, cut), epoch))
      const statements = [...told(there, this.#weather), ...told(attackers, this.#attack)]
      const last = cut === CUTS_PER_DAY
      this.#fold({
        epoch,
        ties: cut === 1 ? ties : [],
        statements,
        verdicts: last
          ? [...this.#honestVerdicts(there), ...attacks.flatMap((attack) => attack.verdicts)]
          : [],
        faults: last ? attacks.flatMap((attack) => attack.faults) : [],
      })
    }
    this.#end(day, [...there, ...attackers])
  }

  #honestDeeds(there: readonly Uint8Array[]): readonly Deed[] {
    return there.flatMap((provider) =>
      Array.from({ length: this.plan.customersPerDay }, () => {
        const requester = there[below(this.#work, there.length)] ?? provider
        const milliCredits = 1_000 + below(this.#work, 1_000_000)
        return { requester, provider, requesterSays: milliCredits, providerSays: milliCredits }
      }).filter(({ requester }) => requester !== provider),
    )
  }

  /** Now and then somebody's work is looked at; it is right. */
  #honestVerdicts(there: readonly Uint8Array[]): readonly AuditVerdict[] {
    return there
      .filter(() => this.#work.fraction() < 0.5)
      .map((provider) => ({ provider, passed: true }))
  }

  #statement(weather: SeededRandom, said: Said, epoch: number): readonly Statement[] {
    const lost = weather.fraction() < this.plan.loss
    const late = weather.fraction() < this.plan.late ? below(weather, LATE_EPOCHS_MAX) : 0
    if (lost) return []
    // No lots are drawn here, so that any layer of the onion will do.
    const onion = said.domain
    return [{ network: NETWORK, epoch: epoch - late, heads: [], onion, ...said }]
  }

  #fold(cut: Cut): void {
    this.events += cut.statements.length + cut.verdicts.length + cut.faults.length
    this.#state.fold(cut)
    const turned = below(this.#attack, Math.max(1, cut.statements.length))
    this.#other.fold({
      ...cut,
      ties: cut.ties?.toReversed() ?? [],
      statements: [
        ...cut.statements.slice(turned),
        ...cut.statements.slice(0, turned),
      ].toReversed(),
      verdicts: cut.verdicts.toReversed(),
      faults: cut.faults.toReversed(),
    })
  }

  #end(day: number, there: readonly Uint8Array[]): void {
    const attackers = this.plan.attackers.flatMap(({ domains }) => domains)
    const all = [...this.honest, ...attackers]
    const devices = all.map((domain) => ({
      device: toHex(domain) as PeerId,
      domain: this.#homes.get(toHex(domain)) ?? domain,
      floorMicros: FLOOR_MICROS,
    }))
    const facts = all.map((domain) => [toHex(domain), this.#state.facts(domain)] as const)
    const micros = devices.map((one) => [one.device, this.#state.score(one).micros] as const)
    const end: DayEnd = {
      day,
      mass: new Map(facts.map(([domain, { mass }]) => [domain, mass])),
      micros: new Map(micros),
      inflow: inflowTo(this.#state, new Set(attackers.map((domain) => toHex(domain)))),
      root: toHex(this.#state.standings().graphRoot),
      otherRoot: toHex(this.#other.standings().graphRoot),
      committee: this.#committee(there, day),
      anchors: new Set(this.#anchorsOn(day).map((domain) => toHex(domain))),
    }
    this.ends.push(end)
    this.#trace.note(day, 0, devices.length)
    this.#trace.text(end.root)
    for (const [, { mass }] of facts) this.#trace.note(mass, 1, day)
  }

  /** Draws the next committee, as the state of the day says. */
  #committee(there: readonly Uint8Array[], day: number): SimCommittee {
    const owners = there.filter((domain) => !this.#homes.has(toHex(domain)))
    const candidates = mayBeDrawn(
      owners.map((domain) => {
        const facts = this.#state.facts(domain)
        const one = { device: toHex(domain) as PeerId, domain, floorMicros: FLOOR_MICROS }
        return { ...facts, domain, micros: this.#state.score(one).micros, vendor: '' }
      }),
    )
    const anchors = this.#anchorsOn(day).filter((domain) => !this.#state.facts(domain).faulted)
    const beacon = simHash(utf8(`day ${day}`))
    this.#seated = drawCommittee(simHash, { beacon, anchors, candidates, seated: this.#seated })
    const eligible = new Set([...candidates.map(({ domain }) => domain), ...anchors].map(toHex))
    const spread = effectiveDomains(candidates.map(({ mass }) => mass))
    const reserved = anchorSeats(seatCount(eligible.size), spread)
    return {
      seats: this.#seated.map((domain) => toHex(domain)),
      eligible,
      anchorSeats: Math.min(reserved, anchors.length),
    }
  }
}

/** The id of a domain that exists nowhere else. */
export function simDomain(name: string): Uint8Array {
  return simHash(utf8(name))
}

interface Sums {
  readonly provided: readonly StatementRow[]
  readonly consumed: readonly StatementRow[]
}

/** What a statement says of the work of its domain. */
type Said = Pick<Statement, 'domain' | 'provided' | 'consumed'>

/** The sums of a domain at one of the cuts of the day: work goes on evenly. */
function rowsOf(sums: ReadonlyMap<string, Sums>, domain: Uint8Array, cut: number): Said {
  const { provided = [], consumed = [] } = sums.get(toHex(domain)) ?? {}
  const soFar = (rows: readonly StatementRow[]): readonly StatementRow[] =>
    rows
      .map((row) => ({ ...row, milliCredits: Math.floor((row.milliCredits * cut) / CUTS_PER_DAY) }))
      .filter(({ milliCredits }) => milliCredits > 0)
  return { domain, provided: soFar(provided), consumed: soFar(consumed) }
}

/** What each domain says at the end of the day, largest rows first where there are too many. */
function sumsBySpeaker(deeds: readonly Deed[]): ReadonlyMap<string, Sums> {
  const books = new Map<string, Record<keyof Sums, Map<string, StatementRow>>>()
  const add = (
    self: Uint8Array,
    side: keyof Sums,
    peer: Uint8Array,
    milliCredits: number,
  ): void => {
    if (milliCredits === 0) return
    const key = toHex(self)
    const book = books.get(key) ?? { provided: new Map(), consumed: new Map() }
    books.set(key, book)
    const before = book[side].get(toHex(peer))?.milliCredits ?? 0
    const sum = Math.min(before + milliCredits, TRUST_LIMITS.MILLI_CREDITS_MAX)
    book[side].set(toHex(peer), { peer, milliCredits: sum })
  }
  for (const { requester, provider, requesterSays, providerSays } of deeds) {
    add(requester, 'consumed', provider, requesterSays)
    add(provider, 'provided', requester, providerSays)
  }
  const rows = (book: ReadonlyMap<string, StatementRow>): StatementRow[] =>
    [...book.values()]
      .toSorted((a, b) => b.milliCredits - a.milliCredits)
      .slice(0, TRUST_LIMITS.STATEMENT_ROWS_MAX)
      .toSorted((a, b) => compareBytes(a.peer, b.peer))
  return new Map(
    [...books].map(([key, { provided, consumed }]) => [
      key,
      { provided: rows(provided), consumed: rows(consumed) },
    ]),
  )
}
