/**
 * Who worked for whom: pairs of domains, and for each day the smaller of what the two say of it.
 *
 * Each party tells the sum since the day began, so that only the largest of its claims counts and
 * their order does not matter. A pair that only one party speaks of weighs nothing.
 *
 * @module
 */

import { DayWindow } from './day-window.ts'
import { integerRoot } from './fixed-point.ts'
import { MILLI_CREDITS_MAX, NEW_PAIRS_PER_DAY_MAX, PAIR_WEIGHT_MAX } from './limits.ts'
import type { PackedWork } from './packed.ts'

/** Which party of a pair speaks. */
export type PairSide = 'requester' | 'provider'

/** A pair: trust goes from who got the work to who did it. Numbers of a DomainTable. */
export interface Pair {
  readonly requester: number
  readonly provider: number
}

/** Claims of one pair: by requester and provider, of the latest day and of the one before it. */
const CLAIMS = 4

export class WorkGraph {
  /** Edges by their pair: open addressing, at most half full; 0 is free, else the edge and one. */
  #slots = new Uint32Array(256)
  #window = new DayWindow()
  #newPairs = new Map<number, number>()
  #requesters = new Uint32Array(64)
  #providers = new Uint32Array(64)
  #claims = new Uint32Array(64 * CLAIMS)
  #size = 0

  /** Pairs that are kept. */
  get size(): number {
    return this.#size
  }

  /** The same, to go on with on its own. */
  copy(): WorkGraph {
    const copy = new WorkGraph()
    copy.#slots = this.#slots.slice()
    copy.#window = this.#window.copy()
    copy.#newPairs = new Map(this.#newPairs)
    copy.#requesters = this.#requesters.slice()
    copy.#providers = this.#providers.slice()
    copy.#claims = this.#claims.slice()
    copy.#size = this.#size
    return copy
  }

  /** All pairs, to be kept. */
  pack(): PackedWork {
    return {
      requesters: this.#requesters.slice(0, this.#size),
      providers: this.#providers.slice(0, this.#size),
      claims: this.#claims.slice(0, this.#size * CLAIMS),
      window: this.#window.pack(this.#size),
      newPairs: Uint32Array.from([...this.#newPairs].flat()),
    }
  }

  /** The same again; undefined when it does not hold pairs of `domains` domains. */
  static unpack(packed: PackedWork, domains: number): WorkGraph | undefined {
    const { requesters, providers, claims, newPairs } = packed
    const { length } = requesters
    const window = DayWindow.unpack(packed.window, length)
    const fits = providers.length === length && claims.length === length * CLAIMS
    const known = [...requesters, ...providers].every((index) => index < domains)
    if (window === undefined || !fits || !known || newPairs.length % 2 !== 0) return undefined
    const graph = new WorkGraph()
    while (graph.#requesters.length < length) {
      graph.#requesters = doubled(graph.#requesters)
      graph.#providers = doubled(graph.#providers)
      graph.#claims = doubled(graph.#claims)
    }
    graph.#requesters.set(requesters)
    graph.#providers.set(providers)
    graph.#claims.set(claims)
    graph.#window = window
    graph.#size = length
    for (let at = 0; at < newPairs.length; at += 2) {
      graph.#newPairs.set(newPairs[at] as number, newPairs[at + 1] as number)
    }
    let slots = graph.#slots.length
    while (2 * length > slots) slots *= 2
    graph.#rehash(slots)
    return graph
  }

  requester(edge: number): number {
    return this.#requesters[edge] as number
  }

  provider(edge: number): number {
    return this.#providers[edge] as number
  }

  /** Begins `day`, when it is later, and gives up the pairs of which nothing is left in the window. */
  open(day: number): void {
    const passed = day - this.#window.day
    if (passed <= 0) return
    for (let edge = 0; edge < this.#size; edge++) this.#turnClaims(edge, passed)
    this.#window.open(day)
    this.#newPairs.clear()
    this.#compact()
  }

  /**
   * Takes what one party says of a pair; false when it named too many new counterparties today.
   *
   * @param day - The latest day or the one before it.
   * @param milliCredits - Since that day began.
   */
  claim(pair: Pair, side: PairSide, day: number, milliCredits: number): boolean {
    const edge = this.#edge(pair, side)
    if (edge === undefined) return false
    const start = edge * CLAIMS + (day === this.#window.day ? 0 : 2)
    const at = start + (side === 'requester' ? 0 : 1)
    this.#claims[at] = Math.max(this.#claims[at] as number, milliCredits)
    const agreed = Math.min(this.#claims[start] as number, this.#claims[start + 1] as number)
    this.#window.set(edge, day, agreed)
    return true
  }

  /** What a pair weighs: the root of its work in the window, at most {@link PAIR_WEIGHT_MAX}. */
  weight(edge: number): number {
    return Math.min(integerRoot(this.#window.weighted(edge)), PAIR_WEIGHT_MAX)
  }

  /** Work that both parties agree on, in thousandths of a credit, over the whole window. */
  agreed(edge: number): number {
    return this.#window.total(edge)
  }

  /** What the parties say of today. */
  claimsToday(edge: number): { readonly requester: number; readonly provider: number } {
    const start = edge * CLAIMS
    return {
      requester: this.#claims[start] as number,
      provider: this.#claims[start + 1] as number,
    }
  }

  /**
   * Makes one of domains that are one owner's: their pairs with others become its own, and those among them are
   * nobody's. What was claimed today is added up, as it is told from now on.
   *
   * @param home - What a domain is part of; itself when it is part of none.
   */
  contract(home: (domain: number) => number): void {
    let kept = 0
    const slots = this.#slots.length
    this.#slots = new Uint32Array(slots)
    for (let edge = 0; edge < this.#size; edge++) {
      const [requester, provider] = [home(this.requester(edge)), home(this.provider(edge))]
      if (requester === provider) continue
      const slot = this.#slotOf(requester, provider)
      const known = (this.#slots[slot] as number) - 1
      if (known >= 0) {
        this.#addClaims(edge, known)
        this.#window.add(edge, known)
        continue
      }
      this.#requesters[kept] = requester
      this.#providers[kept] = provider
      this.#claims.copyWithin(kept * CLAIMS, edge * CLAIMS, (edge + 1) * CLAIMS)
      this.#window.move(edge, kept)
      this.#slots[slot] = ++kept
    }
    this.#keep(kept)
    for (const [domain, named] of this.#newPairs) {
      if (home(domain) === domain) continue
      this.#newPairs.delete(domain)
      this.#newPairs.set(home(domain), (this.#newPairs.get(home(domain)) ?? 0) + named)
    }
  }

  #addClaims(from: number, to: number): void {
    for (let claim = 0; claim < CLAIMS; claim++) {
      const at = to * CLAIMS + claim
      const sum = (this.#claims[at] as number) + (this.#claims[from * CLAIMS + claim] as number)
      this.#claims[at] = Math.min(sum, MILLI_CREDITS_MAX)
    }
  }

  #edge({ requester, provider }: Pair, side: PairSide): number | undefined {
    const slot = this.#slotOf(requester, provider)
    const known = this.#slots[slot] as number
    if (known > 0) return known - 1
    const speaker = side === 'requester' ? requester : provider
    const named = this.#newPairs.get(speaker) ?? 0
    if (named >= NEW_PAIRS_PER_DAY_MAX) return undefined
    this.#newPairs.set(speaker, named + 1)
    const edge = this.#size++
    this.#reserve()
    this.#requesters[edge] = requester
    this.#providers[edge] = provider
    this.#slots[slot] = edge + 1
    if (2 * this.#size > this.#slots.length) this.#rehash(2 * this.#slots.length)
    return edge
  }

  /** Where a pair is, or where it would be. */
  #slotOf(requester: number, provider: number): number {
    const mask = this.#slots.length - 1
    const mixed = Math.imul(requester, 0x9e3779b1) ^ Math.imul(provider, 0x85ebca6b)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    for (;;) {
      const edge = (this.#slots[slot] as number) - 1
      const isIt = this.#requesters[edge] === requester && this.#providers[edge] === provider
      if (edge < 0 || isIt) return slot
      slot = (slot + 1) & mask
    }
  }

  #rehash(slots: number): void {
    this.#slots = new Uint32Array(slots)
    for (let edge = 0; edge < this.#size; edge++) {
      this.#slots[this.#slotOf(this.requester(edge), this.provider(edge))] = edge + 1
    }
  }

  #reserve(): void {
    if (this.#size > this.#requesters.length) {
      this.#requesters = doubled(this.#requesters)
      this.#providers = doubled(this.#providers)
      this.#claims = doubled(this.#claims)
    }
    this.#window.reserve(this.#size)
  }

  #turnClaims(edge: number, passed: number): void {
    const start = edge * CLAIMS
    const claims = this.#claims
    claims[start + 2] = passed === 1 ? (claims[start] as number) : 0
    claims[start + 3] = passed === 1 ? (claims[start + 1] as number) : 0
    claims[start] = 0
    claims[start + 1] = 0
  }

  #compact(): void {
    let kept = 0
    for (let edge = 0; edge < this.#size; edge++) {
      const start = edge * CLAIMS
      const spoken = (this.#claims[start + 2] as number) + (this.#claims[start + 3] as number)
      if (spoken === 0 && this.#window.total(edge) === 0) continue
      this.#requesters[kept] = this.requester(edge)
      this.#providers[kept] = this.provider(edge)
      this.#claims.copyWithin(kept * CLAIMS, start, start + CLAIMS)
      this.#window.move(edge, kept)
      kept++
    }
    this.#keep(kept)
  }

  /** Gives up all pairs but the first `kept`. */
  #keep(kept: number): void {
    this.#window.truncate(kept)
    this.#claims.fill(0, kept * CLAIMS)
    this.#size = kept
    this.#rehash(this.#slots.length)
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(2 * array.length)
  grown.set(array)
  return grown
}
