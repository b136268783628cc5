/**
 * The directories of a small mesh: every device announces itself by gossip that loses some of it.
 *
 * @module
 */

import type { PeerId } from '../core/ids.ts'
import type { SeededRandom } from '../core/random.ts'
import type { MachineDriver } from '../node/network/machine-driver.ts'
import {
  DirectoryMachine,
  type CapabilityRecord,
  type DirectoryInput,
  type DirectoryOutput,
} from '../protocols/presence/index.ts'
import { below } from './faults.ts'
import { SimClock } from './sim-clock.ts'
import { SimDevice } from './sim-device.ts'

/** As the daemon announces itself, in milliseconds. */
/** Nobody in this world asks for a record as it was signed. */
const UNREAD = new Uint8Array(0)
const HEARTBEAT_MS = 60_000
/** How long a record holds. */
const LIFE_MS = 180_000
/** Share of the gossip that does not arrive in the restless time. */
const LOSS = 0.2

/** What is simulated. Times in milliseconds. */
export interface PresencePlan {
  readonly devices: number
  /** Within this time devices come, change, hang and die. */
  readonly restlessMs: number
}

interface Member {
  readonly device: SimDevice
  readonly machine: DirectoryMachine
  readonly driver: MachineDriver<DirectoryInput, DirectoryOutput>
  sequence: number
}

/** Devices that come and go, and what each knows of the others. */
export class PresenceWorld {
  readonly clock = new SimClock()
  readonly #plan: PresencePlan
  readonly #random: SeededRandom
  readonly #members: readonly Member[]

  constructor(plan: PresencePlan, random: SeededRandom) {
    this.#plan = plan
    this.#random = random
    this.#members = Array.from({ length: plan.devices }, (_, number) => this.#member(number))
  }

  /** Runs through the restless time, and on until everything that was said before has expired. */
  run(): this {
    const { restlessMs } = this.#plan
    for (const member of this.#members) {
      member.device.after(this.#atMs(), 'wish', () => member.driver.feed({ type: 'joined' }))
      member.device.after(this.#atMs(), 'wish', () =>
        member.driver.feed({ type: 'self-changed', classes: ['model:a'] }),
      )
      const fate = this.#random.fraction()
      if (fate < 0.2) this.clock.after(this.#atMs(), 'fault', 0, () => member.device.die())
      else if (fate < 0.4) this.#hang(member.device)
    }
    // A hang may reach beyond the restless time; a life later everybody was heard, and the dead forgotten.
    this.clock.run(restlessMs + HEARTBEAT_MS + 2 * LIFE_MS, () => false)
    return this
  }

  /** What is wrong with what the living know, as sentences. */
  violations(): readonly string[] {
    const alive = this.#members.filter(({ device }) => device.alive)
    return alive.flatMap(({ device, machine }) => {
      const known = new Set(machine.records().map(({ peer }) => peer))
      const others = alive.filter((other) => other.device !== device)
      const missed = others.filter((other) => !known.has(other.device.peer))
      const ghosts = [...known].filter(
        (peer) => !others.some((other) => other.device.peer === peer),
      )
      return [
        ...missed.map((other) => `${device.peer} does not know ${other.device.peer}`),
        ...ghosts.map((peer) => `${device.peer} still knows ${peer}, which is gone`),
      ]
    })
  }

  #atMs(): number {
    return this.#random.fraction() * this.#plan.restlessMs
  }

  #hang(device: SimDevice): void {
    const atMs = this.#atMs()
    this.clock.after(atMs, 'fault', device.number, () => device.hang())
    this.clock.after(atMs + this.#random.fraction() * HEARTBEAT_MS, 'fault', device.number, () =>
      device.wake(),
    )
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
      if (output.type === 'gossip') this.#gossip(member)
    })
    const member: Member = { device, machine, driver, sequence: 0 }
    return member
  }

  #gossip(from: Member): void {
    // Directories look at nothing else of a record: its rest is for those who ask them.
    const record = { peer: from.device.peer, sequence: ++from.sequence } as CapabilityRecord
    const saidMs = this.clock.nowMs
    const loss = saidMs < this.#plan.restlessMs ? LOSS : 0
    for (const to of this.#members) {
      if (to === from || this.#random.fraction() < loss) continue
      to.device.after(1 + below(this.#random, 500), 'arrival', () => {
        const lifeMs = saidMs + LIFE_MS - this.clock.nowMs
        to.driver.feed({ type: 'record', record, encoded: UNREAD, lifeMs })
      })
    }
  }
}
