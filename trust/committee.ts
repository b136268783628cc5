/**
 * Who decides the epoch after next: one seat a domain, drawn by trust, some of them kept for the anchors.
 *
 * Votes are equal; trust only makes a draw more likely. The anchors of the mesh hold enough seats
 * that nobody without one can ever be a quorum, fewer as trust spreads over more domains.
 *
 * @module
 */

import { compareBytes, concatBytes, toHex, utf8 } from '../core/bytes.ts'
import type { Sha256 } from '../core/crypto.ts'
import { EPOCHS_PER_DAY, MASS_TOTAL, SEATS_MAX } from './limits.ts'

/** A domain that offered to sit, and what the state says of it. */
export interface Candidate {
  readonly domain: Uint8Array
  readonly mass: number
  /** The best score of its devices, in millionths. */
  readonly micros: number
  /** Epochs since its first statement. */
  readonly age: number
  /** Statements of the last day that are counted, in thousandths of the epochs of it. */
  readonly presentPermille: number
  /** Whose root the hardware of the device leads to that speaks for it; '' where none was seen. */
  readonly vendor: string
  readonly faulted: boolean
}

/** Least score of a seat, in millionths: what the word of a device gives at most, without standing. */
const SEAT_MICROS_MIN = 300_000
const SEAT_PRESENT_PERMILLE_MIN = 900

/** True when a domain may be drawn. Anchors sit without it, unless they are at fault. */
export function isEligible(candidate: Candidate): boolean {
  return (
    !candidate.faulted &&
    candidate.mass > 0 &&
    candidate.micros >= SEAT_MICROS_MIN &&
    candidate.age >= EPOCHS_PER_DAY &&
    candidate.presentPermille >= SEAT_PRESENT_PERMILLE_MIN
  )
}

/** Domains that were invited may sit while fewer than this many have earned a seat. */
const EARNED_MIN = 16
/** Epochs that an invited domain has to be there before it sits. */
const INVITED_AGE_MIN = 3

/**
 * Those who may be drawn: in a mesh that is large and old enough, who earned it; before, everybody
 * whom a member invited, as nobody can have earned it yet.
 *
 * @param present - Domains whose statements of the last epochs are counted.
 */
export function mayBeDrawn(present: readonly Candidate[]): readonly Candidate[] {
  const earned = present.filter((candidate) => isEligible(candidate))
  if (earned.length >= EARNED_MIN) return earned
  return present.filter(({ faulted, age }) => !faulted && age >= INVITED_AGE_MIN)
}

/** Seats of a committee, when so many domains may sit, and no more than the mesh has agreed on. */
export function seatCount(domains: number, seatsMax: number = SEATS_MAX): number {
  const seats = domains < 16 ? domains : domains < 64 ? 16 : domains < 256 ? 31 : SEATS_MAX
  return Math.min(seats, seatsMax)
}

/**
 * Over how many domains trust is spread: (Σm)² / Σm², rounded down; it is what decides over the anchors' seats.
 *
 * Domains without mass do not count, so that nobody can make up a crowd.
 */
export function effectiveDomains(masses: readonly number[]): number {
  const sum = masses.reduce((total, mass) => total + BigInt(mass), 0n)
  const squares = masses.reduce((total, mass) => total + BigInt(mass) * BigInt(mass), 0n)
  return squares === 0n ? 0 : Number((sum * sum) / squares)
}

const EFFECTIVE_FULL = 64

/** Seats that are kept for anchors: from a quorum at the start down to more than a third. */
export function anchorSeats(seats: number, effective: number): number {
  if (seats === 0) return 0
  const quorum = Math.floor((2 * seats) / 3) + 1
  const third = Math.floor((seats - 1) / 3) + 1
  const spread = Math.min(effective, EFFECTIVE_FULL)
  return quorum - Math.floor(((quorum - third) * spread) / EFFECTIVE_FULL)
}

/** What a draw depends on; all of it is certified. */
export interface CommitteeDraw {
  /** Of the epoch whose scores these are. */
  readonly beacon: Uint8Array
  /** Domains where trust starts, without those at fault. */
  readonly anchors: readonly Uint8Array[]
  /** Everybody who is eligible; in any order. */
  readonly candidates: readonly Candidate[]
  /** Who sits now, longest first: an eighth of them is drawn anew. */
  readonly seated: readonly Uint8Array[]
  /** The most seats that the mesh has agreed on; SEATS_MAX where it has not. */
  readonly seatsMax?: number
}

/** Seats that devices of one vendor have while others could have them: one of so many. */
const VENDOR_SHARE = 4

/** Parts of a committee that change one after the other. */
const TERMS = 8

/** The domains that sit, those that stay first; the anchors among them are drawn like the others. */
export function drawCommittee(sha256: Sha256, draw: CommitteeDraw): readonly Uint8Array[] {
  const masses = new Map(draw.candidates.map(({ domain, mass }) => [toHex(domain), mass]))
  const anchors = new Set(draw.anchors.map((domain) => toHex(domain)))
  const eligible = [
    ...draw.candidates.map(({ domain }) => domain),
    // An anchor sits by its seat, whether it offers anything or not.
    ...draw.anchors.filter((domain) => !masses.has(toHex(domain))),
  ].toSorted(compareBytes)
  const seats = seatCount(eligible.length, draw.seatsMax)
  const kept = new Set(eligible.map((domain) => toHex(domain)))
  const leaving = Math.ceil(seats / TERMS)
  const staying = draw.seated
    .slice(draw.seated.length < seats ? 0 : leaving)
    .filter((domain) => kept.has(toHex(domain)))
    .slice(0, seats)
  const reserved = Math.min(
    anchorSeats(seats, effectiveDomains([...masses.values()])),
    draw.anchors.length,
  )
  const lottery = new Lottery(sha256, draw.beacon)
  const seated = new Set(staying.map((domain) => toHex(domain)))
  const chosen = [...staying]
  const vendors = vendorCap(draw.candidates, seats)
  const fill = (from: readonly Uint8Array[], count: number, isCapped: boolean): void => {
    const free = from.filter((domain) => !seated.has(toHex(domain)))
    const weighted = free.map((domain) => ({ domain, mass: masses.get(toHex(domain)) ?? 0 }))
    const most = { count, seats, mayTake: vendors(chosen, isCapped) }
    for (const domain of lottery.draw(weighted, most)) {
      seated.add(toHex(domain))
      chosen.push(domain)
    }
  }
  const anchored = chosen.filter((domain) => anchors.has(toHex(domain))).length
  const missing = Math.max(0, reserved - anchored)
  // Those who stay make room where too few anchors do.
  const room = seats - chosen.length
  for (let short = missing - room; short > 0; short--) removeFirstOther(chosen, seated, anchors)
  fill(draw.anchors.toSorted(compareBytes), missing, false)
  fill(eligible, seats - chosen.length, true)
  // A seat that only one vendor can fill is better filled than not: fewer seats are easier to hold.
  fill(eligible, seats - chosen.length, false)
  return chosen
}

/**
 * Whether one more of a vendor may sit beside those who are chosen: one broken root of hardware, or one update of firmware
 * that fails, is not to stop a mesh. It bounds what fails together, not who conspires: nobody has to show hardware.
 */
function vendorCap(candidates: readonly Candidate[], seats: number) {
  const vendorOf = new Map(candidates.map(({ domain, vendor }) => [toHex(domain), vendor]))
  const most = Math.max(1, Math.floor(seats / VENDOR_SHARE))
  return (chosen: readonly Uint8Array[], isCapped: boolean): ((domain: Uint8Array) => boolean) => {
    const taken = new Map<string, number>()
    const count = (vendor: string): number => {
      const times = (taken.get(vendor) ?? 0) + 1
      taken.set(vendor, times)
      return times
    }
    for (const domain of chosen) count(vendorOf.get(toHex(domain)) ?? '')
    return (domain) => {
      const vendor = vendorOf.get(toHex(domain))
      return !isCapped || vendor === undefined || vendor === '' || count(vendor) <= most
    }
  }
}

function removeFirstOther(chosen: Uint8Array[], seated: Set<string>, anchors: Set<string>): void {
  const at = chosen.findIndex((domain) => !anchors.has(toHex(domain)))
  const [removed] = at < 0 ? [] : chosen.splice(at, 1)
  if (removed !== undefined) seated.delete(toHex(removed))
}

/** Draws without replacement, by a pseudo-random function of the beacon. */
class Lottery {
  readonly #sha256: Sha256
  readonly #beacon: Uint8Array
  #draws = 0

  constructor(sha256: Sha256, beacon: Uint8Array) {
    this.#sha256 = sha256
    this.#beacon = beacon
  }

  /**
   * Up to `count` of `tickets`, each likely by its mass; none counts for more than one seat of `seats`. Those that may not
   * be taken when their turn comes are passed over.
   */
  draw(
    tickets: readonly { readonly domain: Uint8Array; readonly mass: number }[],
    {
      count,
      seats,
      mayTake,
    }: {
      readonly count: number
      readonly seats: number
      readonly mayTake: (domain: Uint8Array) => boolean
    },
  ): readonly Uint8Array[] {
    const most = Math.floor(MASS_TOTAL / Math.max(1, seats))
    // Anchors without mass are still drawn, when nobody else is left.
    const left = tickets.map(({ domain, mass }) => ({ domain, weight: Math.min(mass, most) + 1 }))
    let total = left.reduce((sum, { weight }) => sum + weight, 0)
    const drawn: Uint8Array[] = []
    while (drawn.length < count && left.length > 0) {
      let at = Number(this.#next() % BigInt(total))
      let index = 0
      while (at >= (left[index]?.weight ?? Infinity)) at -= left[index++]?.weight ?? 0
      const [ticket] = left.splice(index, 1)
      if (ticket === undefined) break
      total -= ticket.weight
      if (mayTake(ticket.domain)) drawn.push(ticket.domain)
    }
    return drawn
  }

  /** 128 bits: their remainder by any total is as good as even. */
  #next(): bigint {
    const number = Uint8Array.of(this.#draws >> 8, this.#draws & 255)
    this.#draws++
    const hash = this.#sha256(concatBytes([utf8('brume/draw/v1\0'), this.#beacon, number]))
    return hash.subarray(0, 16).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
  }
}
