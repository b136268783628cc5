/**
 * A mesh of ten thousand devices: each tells its neighbours that it is there, and a committee of what its domain did.
 *
 * Statements go to a few seats, which hand on what is new to them: no message is told twice over one
 * way, and no seat needs to know more than a handful of others.
 *
 * @module
 */

import type { PeerId } from '../core/ids.ts'
import type { SeededRandom } from '../core/random.ts'
import type { MachineDriver } from '../node/network/machine-driver.ts'
import {
  type CapabilityRecord,
  DirectoryMachine,
  type DirectoryInput,
  type DirectoryOutput,
} from '../protocols/presence/index.ts'
import { decodeStatement, signStatement, TRUST_LIMITS } from '../trust/index.ts'
import { below } from './faults.ts'
import { SimClock } from './sim-clock.ts'
import { simSigner } from './sim-crypto.ts'
import { SimDevice } from './sim-device.ts'

/** Nobody in this world asks for a record as it was signed. */
const UNREAD = new Uint8Array(0)
const HEARTBEAT_MS = 60_000
const LIFE_MS = 180_000
const EPOCH_MS = 300_000
/** Devices that one announces itself to, and seats that one seat hands statements on to. */
const NEIGHBOURS = 8
const SEAT_NEIGHBOURS = 4
/** Seats that a domain tells its statement. */
const SEATS_TOLD = 3
/** Share of all messages that is lost. */
const LOSS = 0.01

export interface CrowdPlan {
  readonly devices: number
  readonly seats: number
  readonly epochs: number
}

interface Member {
  readonly device: SimDevice
  readonly neighbours: readonly number[]
  readonly machine: DirectoryMachine
  readonly driver: MachineDriver<DirectoryInput, DirectoryOutput>
  sequence: number
}

/** What a seat holds: by epoch, a bit for each domain whose statement it took. */
interface Seat {
  readonly number: number
  readonly neighbours: readonly number[]
  readonly held: readonly Uint8Array[]
}

export class CrowdWorld {
  readonly clock = new SimClock()
  readonly #plan: CrowdPlan
  readonly #random: SeededRandom
  readonly #members: readonly Member[]
  readonly #seats: readonly Seat[]
  /** Statements that a seat could not read. */
  #unread = 0

  constructor(plan: CrowdPlan, random: SeededRandom) {
    this.#plan = plan
    this.#random = random
    this.#members = Array.from({ length: plan.devices }, (_, number) => this.#member(number))
    this.#seats = Array.from({ length: plan.seats }, (_, number) => ({
      number,
      // The next one in a ring is among them: no seat is cut off by the draw.
      neighbours: [
        (number + 1) % plan.seats,
        ...this.#others(plan.seats, SEAT_NEIGHBOURS - 1, number),
      ],
      held: Array.from({ length: plan.epochs }, () => new Uint8Array(plan.devices)),
    }))
  }

  run(): this {
    const { epochs } = this.#plan
    for (const { device, driver } of this.#members) {
      const atMs = this.#random.fraction() * HEARTBEAT_MS
      device.after(atMs, 'wish', () => driver.feed({ type: 'joined' }))
      device.after(atMs, 'wish', () => driver.feed({ type: 'self-changed', classes: ['model:a'] }))
      for (let epoch = 0; epoch < epochs; epoch++) {
        const saidMs = epoch * EPOCH_MS + this.#random.fraction() * 30_000
        device.after(saidMs, 'wish', () => this.#state(device.number, epoch))
      }
    }
    this.clock.run(epochs * EPOCH_MS, () => false)
    return this
  }

  /** What is wrong with what is known in the end, as sentences. */
  violations(): readonly string[] {
    const { devices } = this.#plan
    const blind = this.#members.filter(({ machine }) => machine.records().length === 0).length
    const least = Math.min(
      ...this.#seats.flatMap(({ held }) =>
        held.map((domains) => domains.reduce((sum, bit) => sum + bit, 0)),
      ),
    )
    return [
      ...(blind > 0 ? [`${blind} devices know nobody`] : []),
      // As much as the first round of a committee asks for.
      ...(least < 0.95 * devices ? [`a seat holds ${least} of ${devices} statements`] : []),
      ...(this.#unread > 0 ? [`${this.#unread} statements could not be read`] : []),
    ]
  }

  #member(number: number): Member {
    const device = new SimDevice(number, `device-${number}` as PeerId, this.clock)
    const machine = new DirectoryMachine({
      heartbeatMs: HEARTBEAT_MS,
      announceMsMin: 5_000,
      storeDelayMs: 2_000,
      storeEveryMs: 600_000,
      jitterShare: 0.1,
      random: () => this.#random.fraction(),
    })
    const driver = device.drive<DirectoryInput, DirectoryOutput>(machine, (output) => {
      if (output.type === 'gossip') this.#announce(member)
    })
    // In a ring as well, so that somebody tells everybody.
    const next = (number + 1) % this.#plan.devices
    const neighbours = [next, ...this.#others(this.#plan.devices, NEIGHBOURS - 1, number)]
    const member: Member = { device, neighbours, machine, driver, sequence: 0 }
    return member
  }

  #announce(from: Member): void {
    const record = { peer: from.device.peer, sequence: ++from.sequence } as CapabilityRecord
    const endMs = this.clock.nowMs + LIFE_MS
    for (const number of from.neighbours) {
      if (this.#random.fraction() < LOSS) continue
      const to = this.#members[number] as Member
      to.device.after(this.#delayMs(), 'arrival', () =>
        to.driver.feed({
          type: 'record',
          record,
          encoded: UNREAD,
          lifeMs: endMs - this.clock.nowMs,
        }),
      )
    }
  }

  /** A domain says what it did: to a few seats. */
  #state(domain: number, epoch: number): void {
    const id = idOf(domain)
    const row = { peer: idOf((domain + 1) % this.#plan.devices), milliCredits: 1_000 + domain }
    const { body } = signStatement(simSigner(domain), {
      network: NETWORK,
      epoch,
      domain: id,
      heads: [],
      provided: [row],
      consumed: [],
      onion: NETWORK,
    })
    for (let told = 0; told < SEATS_TOLD; told++) {
      this.#tell(below(this.#random, this.#seats.length), { domain, epoch, body })
    }
  }

  #tell(number: number, said: Said): void {
    if (this.#random.fraction() < LOSS) return
    this.clock.after(this.#delayMs(), 'arrival', number, () => this.#take(number, said))
  }

  #take(number: number, said: Said): void {
    const { held, neighbours } = this.#seats[number] as Seat
    const domains = held[said.epoch] as Uint8Array
    if (domains[said.domain] === 1) return
    if (decodeStatement(said.body).type === 'refused') this.#unread++
    domains[said.domain] = 1
    for (const neighbour of neighbours) this.#tell(neighbour, said)
  }

  #delayMs(): number {
    return 5 + 195 * this.#random.fraction()
  }

  /** `count` others of `all`, drawn; one may be drawn twice. */
  #others(all: number, count: number, self: number): readonly number[] {
    return Array.from(
      { length: count },
      () => (self + 1 + below(this.#random, Math.max(1, all - 1))) % all,
    )
  }
}

interface Said {
  readonly domain: number
  readonly epoch: number
  readonly body: Uint8Array
}

const NETWORK = new Uint8Array(TRUST_LIMITS.HASH_BYTES).fill(1)

function idOf(domain: number): Uint8Array {
  const id = new Uint8Array(TRUST_LIMITS.HASH_BYTES)
  new DataView(id.buffer).setUint32(0, domain)
  return id
}
