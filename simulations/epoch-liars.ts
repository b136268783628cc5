/**
 * Seats that do not keep the rules: machines of another kind, or the honest one in bad company.
 *
 * *Twins* are two honest machines with one key (Bano et al., "Twins: BFT Systems Made Robust",
 * 2020): they make most of what is known as an attack, without a line of code for any of them.
 *
 * @module
 */

import type { Signer } from '../core/crypto.ts'
import type { MachineDriver } from '../node/network/machine-driver.ts'
import {
  decodeVoteRecord,
  EpochMachine,
  type EpochInput,
  type EpochMessage,
  type EpochOutput,
  signBallot,
  signProposal,
  type VoteKind,
  type VoteRecord,
} from '../protocols/epoch/index.ts'
import type { EpochWorld } from './epoch-world.ts'
import { simCrypto } from './sim-crypto.ts'
import { SimDevice } from './sim-device.ts'
import { simHash } from './sim-hash.ts'

export const LIARS = [
  'silent',
  'twins',
  'forgetful',
  'bad-proposer',
  'yes-man',
  'half-deaf',
  'slow',
  'babbler',
] as const

export type LiarName = (typeof LIARS)[number]

/** A seat of which nothing is expected. */
export interface Liar {
  readonly number: number
  start(): void
  receive(from: number, message: EpochMessage): void
}

/** Which seat, and the key that it has. */
export interface Chair {
  readonly seat: number
  readonly signer: Signer
}

export function liarOf(name: LiarName, world: EpochWorld, chair: Chair): Liar {
  switch (name) {
    case 'silent':
      return { number: chair.seat, start: () => {}, receive: () => {} }
    case 'twins':
      return new Twins(world, chair)
    case 'yes-man':
      return new YesMan(world, chair)
    case 'babbler':
      return new Babbler(world, chair)
    case 'forgetful':
    case 'bad-proposer':
    case 'half-deaf':
    case 'slow':
      return new CrookedMachine(world, chair, name)
  }
}

type Crooked = 'forgetful' | 'bad-proposer' | 'half-deaf' | 'slow' | 'twin'

/** Longest time between two losses of memory. */
const FORGETS_EVERY_MS = 6_000
/** Just in time for some, and too late for others. */
const SLOW_MS = 2_900

/** The honest machine, in the hands of somebody else. */
class CrookedMachine implements Liar {
  readonly number: number
  readonly #world: EpochWorld
  readonly #chair: Chair
  readonly #how: Crooked
  #device: SimDevice
  #driver: MachineDriver<EpochInput, EpochOutput> | undefined
  #record: VoteRecord | undefined

  constructor(world: EpochWorld, chair: Chair, how: Crooked) {
    this.number = chair.seat
    this.#world = world
    this.#chair = chair
    this.#how = how
    this.#device = new SimDevice(chair.seat, chair.signer.peer, world.clock)
  }

  start(): void {
    const { context, committee, order, timeouts, clock } = this.#world
    const { seat, signer } = this.#chair
    this.#device.die()
    this.#device = new SimDevice(seat, signer.peer, clock)
    const machine = new EpochMachine({
      ...context,
      committee,
      order,
      timeouts,
      seat,
      signer,
      crypto: simCrypto,
      record: this.#record,
    })
    this.#driver = this.#device.drive<EpochInput, EpochOutput>(machine, (output) =>
      this.#perform(output),
    )
    this.#driver.feed({ type: 'start' })
    if (this.#how === 'forgetful') this.#forgetSoon()
  }

  receive(from: number, message: EpochMessage): void {
    const driver = this.#driver
    this.#device.act(() => driver?.feed({ type: 'message', from: String(from), message }))
  }

  /** It knows how far it was and what it voted in this round, and nothing of what it is bound by. */
  #forgetSoon(): void {
    this.#device.after(this.#world.random.fraction() * FORGETS_EVERY_MS, 'fault', () => {
      const record = this.#record
      if (record !== undefined) {
        this.#record = { ...record, locked: undefined, valid: undefined, answers: [] }
      }
      this.start()
    })
  }

  #perform(output: EpochOutput): void {
    const { random } = this.#world
    if (output.type === 'build') {
      const word = `round ${output.round} ${this.#how === 'twin' ? random.uint32() : ''}`
      const value = this.#world.value(this.number, word, this.#how !== 'bad-proposer')
      this.#feed(0, { type: 'built', round: output.round, value })
    } else if (output.type === 'check') {
      this.#feed(0, { type: 'checked', round: output.round, value: output.value, valid: true })
    } else if (output.type === 'persist') {
      this.#record = decodeVoteRecord(output.record)
      this.#feed(this.#how === 'slow' ? SLOW_MS : 0, { type: 'persisted', token: output.token })
    } else if (output.type === 'send') this.#send(output)
  }

  #feed(ms: number, input: EpochInput): void {
    const driver = this.#driver
    this.#device.after(ms, 'work', () => driver?.feed(input))
  }

  #send({ to, message }: Extract<EpochOutput, { type: 'send' }>): void {
    const world = this.#world
    if (this.#how !== 'half-deaf' && this.#how !== 'twin') {
      return world.send(this.number, to === undefined ? undefined : Number(to), message)
    }
    for (const seat of world.seats) {
      const chosen =
        this.#how === 'twin' ? world.random.fraction() < 0.5 : seat.number % 2 === this.number % 2
      if (chosen && seat.number !== this.number) world.send(this.number, seat.number, message)
    }
  }
}

/** Two with one key; each hears about half of what is said to them. */
class Twins implements Liar {
  readonly number: number
  readonly #world: EpochWorld
  readonly #twins: readonly CrookedMachine[]

  constructor(world: EpochWorld, chair: Chair) {
    this.number = chair.seat
    this.#world = world
    this.#twins = [0, 1].map(() => new CrookedMachine(world, chair, 'twin'))
  }

  start(): void {
    for (const twin of this.#twins) twin.start()
  }

  receive(from: number, message: EpochMessage): void {
    for (const twin of this.#twins) {
      if (this.#world.random.fraction() < 0.6) twin.receive(from, message)
    }
  }
}

/** Votes for everything that anybody proposes, in every way, and proposes twice. */
class YesMan implements Liar {
  readonly number: number
  readonly #world: EpochWorld
  readonly #chair: Chair
  readonly #voted = new Set<string>()

  constructor(world: EpochWorld, chair: Chair) {
    this.number = chair.seat
    this.#world = world
    this.#chair = chair
  }

  start(): void {
    this.#proposeIn(0)
  }

  receive(_from: number, message: EpochMessage): void {
    if (message.type === 'proposal') {
      const { round, value } = message.proposal
      this.#voteFor(round, simHash(value))
      this.#proposeIn(round + 1)
    } else if (message.type === 'vote' && message.vote.value !== undefined) {
      this.#voteFor(message.vote.round, message.vote.value)
      this.#proposeIn(message.vote.round)
    }
  }

  #voteFor(round: number, value: Uint8Array): void {
    for (const kind of ['prevote', 'precommit'] satisfies VoteKind[]) {
      const key = `${kind} ${round} ${value.join()}`
      if (this.#voted.has(key)) continue
      this.#voted.add(key)
      const ballot = { kind, round, value }
      const signature = signBallot(this.#chair.signer, this.#world.context, ballot)
      const vote = { ...ballot, seat: this.number, signature }
      this.#world.send(this.number, undefined, { type: 'vote', vote })
    }
  }

  /** Two values, each to some. */
  #proposeIn(round: number): void {
    const { order, context } = this.#world
    if (order[round % order.length] !== this.number || this.#voted.has(`turn ${round}`)) return
    this.#voted.add(`turn ${round}`)
    for (const half of [0, 1]) {
      const value = this.#world.value(this.number, `round ${round} half ${half}`)
      const proposed = { round, value, validRound: undefined }
      const signature = signProposal(this.#chair.signer, context, proposed)
      const proposal = { ...proposed, seat: this.number, signature }
      for (const seat of this.#world.seats) {
        if (seat.number === this.number || seat.number % 2 !== half) continue
        this.#world.send(this.number, seat.number, { type: 'proposal', proposal })
      }
      this.#voteFor(round, simHash(value))
    }
  }
}

/** Says what makes no sense: rounds far away, seats that there are not, words of others as its own. */
class Babbler implements Liar {
  readonly number: number
  readonly #world: EpochWorld
  readonly #chair: Chair

  constructor(world: EpochWorld, chair: Chair) {
    this.number = chair.seat
    this.#world = world
    this.#chair = chair
  }

  start(): void {
    const world = this.#world
    world.clock.after(world.random.fraction() * 2_000, 'work', this.number, () => {
      world.send(this.number, undefined, this.#nonsense())
      if (world.clock.nowMs < world.plan.restlessMs) this.start()
    })
  }

  receive(from: number, message: EpochMessage): void {
    // Says again what others said, to somebody else, as if it were new.
    if (this.#world.random.fraction() < 0.1) this.#world.send(this.number, undefined, message)
    if (message.type !== 'vote' || this.#world.random.fraction() < 0.9) return
    const stolen = { ...message.vote, seat: (from + 1) % this.#world.plan.seats }
    this.#world.send(this.number, undefined, { type: 'vote', vote: stolen })
  }

  #nonsense(): EpochMessage {
    const world = this.#world
    const round = world.below(4_000)
    const value = simHash(world.random.bytes(8))
    const ballot = { kind: 'precommit' as const, round, value }
    const signature = signBallot(this.#chair.signer, world.context, ballot)
    const vote = { ...ballot, seat: world.below(3) === 0 ? 200 : this.number, signature }
    const seats = Uint8Array.from({ length: Math.ceil(world.plan.seats / 8) }, () => 255)
    const polka = { kind: 'prevote' as const, round, value, seats, signatures: [signature] }
    const proposed = { round, value, validRound: round + 1, seat: this.number, signature }
    const messages: readonly EpochMessage[] = [
      { type: 'vote', vote },
      { type: 'polka', polka },
      { type: 'round', votes: [vote, vote] },
      { type: 'proposal', proposal: proposed },
      { type: 'decision', decision: { value, certificate: { ...polka, kind: 'precommit' } } },
    ]
    return messages[world.below(messages.length)] ?? { type: 'vote', vote }
  }
}
