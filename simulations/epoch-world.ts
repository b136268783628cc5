/**
 * A committee that agrees on one epoch: its seats, their disks, the network between them, and what is done to them.
 *
 * Messages are single: each of them may be lost, doubled, delayed and overtaken, each way for
 * itself. After the restless time nothing is lost and everybody who is not gone for good is back.
 *
 * @module
 */

import { toHex, utf8 } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import type { SeededRandom } from '../core/random.ts'
import {
  type Accusation,
  type Committee,
  decodeEpochMessage,
  type Decision,
  type DoubleVote,
  encodeEpochMessage,
  type EpochContext,
  type EpochMessage,
  type EpochTimeouts,
  isBallotOf,
  proposerOrder,
  type Vote,
} from '../protocols/epoch/index.ts'
import { EpochSeat } from './epoch-seat.ts'
import { type Liar, type LiarName, liarOf } from './epoch-liars.ts'
import { below } from './faults.ts'
import { SimClock } from './sim-clock.ts'
import { simCrypto, simSigner } from './sim-crypto.ts'
import { simHash } from './sim-hash.ts'

/** What is done to one seat, and when. Times in milliseconds. */
export type SeatFault =
  | {
      readonly type: 'crash'
      readonly seat: number
      readonly atMs: number
      readonly downMs: number
    }
  /** It comes back without its disk. */
  | {
      readonly type: 'lose-disk'
      readonly seat: number
      readonly atMs: number
      readonly downMs: number
    }
  | { readonly type: 'hang'; readonly seat: number; readonly atMs: number; readonly forMs: number }
  /** It never comes back. */
  | { readonly type: 'die'; readonly seat: number; readonly atMs: number }

/** For a while, nothing goes from the first seats to the second. */
export interface Cut {
  readonly atMs: number
  readonly forMs: number
  readonly from: readonly number[]
  readonly to: readonly number[]
}

export interface EpochPlan {
  readonly seats: number
  /** Seats that do not keep the rules. */
  readonly liars: ReadonlyMap<number, LiarName>
  readonly faults: readonly SeatFault[]
  readonly cuts: readonly Cut[]
  /** In the restless time, in [0, 1]. */
  readonly loss: number
  readonly doubling: number
  /** Longest way of a message in the restless time, and after it. */
  readonly delayMsMax: number
  /** Longest write to a disk. */
  readonly diskMsMax: number
  readonly restlessMs: number
  /** Share of honest seats that lack something of a proposal in the first round. */
  readonly doubt: number
  /** Messages travel as the bytes that devices exchange. */
  readonly inBytes: boolean
}

/** As the daemon has them, but shorter: a simulation has no time zone. */
const TIMEOUTS: EpochTimeouts = {
  proposeMs: 3_000,
  proposeGrowthMs: 1_500,
  voteMs: 1_000,
  voteGrowthMs: 500,
  repeatMs: 2_000,
}
const CALM_DELAY_MS = 100
/** How long after the restless time agreement is waited for. */
const WATCH_MS = 1_200_000

export class EpochWorld {
  readonly clock = new SimClock()
  readonly plan: EpochPlan
  readonly random: SeededRandom
  readonly context: EpochContext = { network: simHash(utf8('mesh')), epoch: 7 }
  readonly committee: Committee
  readonly order: readonly number[]
  readonly timeouts = TIMEOUTS
  readonly seats: readonly (EpochSeat | Liar)[]
  /** Everything that was ever voted, by whoever. */
  readonly votes = new Map<string, Vote>()
  readonly proofs: DoubleVote[] = []
  readonly accusations: Accusation[] = []
  readonly faults: { readonly by: number; readonly from: string; readonly code: string }[] = []
  /** What went wrong at a seat while it ran. */
  readonly mishaps: string[] = []
  /** The latest round of an honest seat at the end of the restless time. */
  calmRound = 0
  readonly #cuts = new Map<string, number>()

  constructor(plan: EpochPlan, random: SeededRandom) {
    this.plan = plan
    this.random = random
    const signers = Array.from({ length: plan.seats }, (_, seat) => simSigner(seat))
    this.committee = signers.map(({ peer }) => peer)
    this.order = proposerOrder(simHash, random.bytes(32), this.committee, new Set())
    this.seats = signers.map((signer, seat) => {
      const name = plan.liars.get(seat)
      return name === undefined
        ? new EpochSeat(this, seat, signer)
        : liarOf(name, this, { seat, signer })
    })
  }

  /** Seats that keep the rules, whatever happens to them. */
  get honest(): readonly EpochSeat[] {
    return this.seats.filter((seat) => seat instanceof EpochSeat)
  }

  run(): this {
    for (const seat of this.seats) {
      this.clock.after(this.random.fraction() * 2_000, 'wish', seat.number, () => seat.start())
    }
    for (const fault of this.plan.faults) this.#schedule(fault)
    for (const cut of this.plan.cuts) this.#cut(cut)
    this.clock.run(this.plan.restlessMs, () => false)
    this.calmRound = Math.max(0, ...this.honest.map(({ round }) => round))
    this.clock.tell('calm')
    this.clock.run(this.plan.restlessMs + WATCH_MS, () => this.#isDone())
    return this
  }

  /** Sends to one seat, by its number, or to all others. */
  send(from: number, to: number | undefined, message: EpochMessage): void {
    this.#note(message)
    const travelling = this.plan.inBytes ? encodeEpochMessage(this.context, message) : message
    for (const seat of this.seats) {
      if (seat.number === from || (to !== undefined && seat.number !== to)) continue
      this.#carry(from, seat, travelling)
    }
  }

  /** True when `peer` is a seat that keeps the rules. */
  isHonest(peer: PeerId): boolean {
    return this.honest.some(({ peer: other }) => other === peer)
  }

  /** A value that an honest seat may vote for, or may not. */
  value(seat: number, word: string, good = true): Uint8Array {
    return utf8(`${good ? 'good' : 'bad'} ${seat} ${word}`)
  }

  #isDone(): boolean {
    return this.honest.every((seat) => seat.decision !== undefined || seat.gone)
  }

  #carry(from: number, to: EpochSeat | Liar, travelling: EpochMessage | Uint8Array): void {
    const { plan, random } = this
    const restless = this.clock.nowMs < plan.restlessMs
    if (restless && random.fraction() < plan.loss) return
    const copies = restless && random.fraction() < plan.doubling ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const delayMs = 1 + random.fraction() * (restless ? plan.delayMsMax : CALM_DELAY_MS)
      this.clock.after(delayMs, 'arrival', to.number, () => {
        if ((this.#cuts.get(`${from}>${to.number}`) ?? 0) > 0) return
        to.receive(from, this.#arrived(travelling))
      })
    }
  }

  #arrived(travelling: EpochMessage | Uint8Array): EpochMessage {
    if (!(travelling instanceof Uint8Array)) return travelling
    const decoded = decodeEpochMessage(this.context, travelling)
    if (decoded.type === 'refused') throw new Error(decoded.reason)
    return decoded.value
  }

  #note(message: EpochMessage): void {
    const votes =
      message.type === 'vote' ? [message.vote] : message.type === 'round' ? message.votes : []
    for (const vote of votes) {
      const voter = this.committee[vote.seat]
      // What somebody made up in the name of another proves nothing.
      if (voter === undefined || !isBallotOf(simCrypto.verify, this.context, voter, vote)) continue
      const value = vote.value === undefined ? '' : toHex(vote.value)
      this.votes.set(`${vote.seat} ${vote.kind} ${vote.round} ${value}`, vote)
    }
  }

  #schedule(fault: SeatFault): void {
    const seat = this.seats[fault.seat]
    if (!(seat instanceof EpochSeat)) return
    this.clock.after(fault.atMs, 'fault', fault.seat, () => {
      this.clock.tell(`${fault.type} of seat ${fault.seat}`)
      if (fault.type === 'hang') seat.hang(fault.forMs)
      else if (fault.type === 'die') seat.die()
      else seat.crash(fault.downMs, fault.type === 'lose-disk')
    })
  }

  #cut({ atMs, forMs, from, to }: Cut): void {
    const change = (by: number): void => {
      for (const a of from) {
        for (const b of to) {
          const key = `${a}>${b}`
          this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + by)
        }
      }
    }
    this.clock.after(atMs, 'fault', 0, () => change(1))
    this.clock.after(atMs + forMs, 'fault', 0, () => change(-1))
  }

  /** What honest seats decided. */
  decisions(): readonly { readonly seat: number; readonly decision: Decision }[] {
    return this.honest.flatMap(({ number, decision }) =>
      decision === undefined ? [] : [{ seat: number, decision }],
    )
  }

  /** A whole number from [0, `bound`). */
  below(bound: number): number {
    return below(this.random, bound)
  }
}
