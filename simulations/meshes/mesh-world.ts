/**
 * A whole mesh over many epochs: the epochs of the daemon at each device, with their proposals and checks, pools,
 * gossip and comparisons, while clocks, disks, ways and processes fail.
 *
 * The daemon's code awaits its ports. Between two events everything that waits for no time happens, so that the same
 * seed does the same again.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { SeededRandom } from '../../core/random.ts'
import { TrustError } from '../../node/epoch/errors.ts'
import type { EpochRoom } from '../../node/epoch/epoch-room.ts'
import { SimClock } from '../sim-clock.ts'
import type { MeshKeys } from './mesh-keys.ts'
import { MeshMember } from './mesh-member.ts'
import { CALM_NET, MeshNet } from './mesh-net.ts'
import type { MeshFault, MeshPlan, MeshWish } from './mesh-plan.ts'
import { MeshRoster } from './mesh-roster.ts'
import { WELL } from './sim-disk.ts'

/** An epoch as a device took it over or helped to decide it. */
export interface NotedEpoch {
  readonly epoch: number
  readonly header: string
  readonly parent: string
  readonly scores: string
  readonly round: number
  readonly device: number
  readonly atMs: number
}

/** How long an epoch may take to be decided once its time has come, in ms and in epochs. */
const ROUNDS_MS_MAX = 60_000
const ROUNDS_EPOCHS_MAX = 4

export interface MeshWorldInit {
  readonly random: SeededRandom
  readonly keys: MeshKeys
}

export class MeshWorld {
  readonly clock = new SimClock()
  readonly plan: MeshPlan
  readonly random: SeededRandom
  readonly net: MeshNet
  readonly roster: MeshRoster
  readonly members: MeshMember[] = []
  readonly crypto: Crypto
  /** Each epoch as each device saw it first, over all its starts. */
  readonly noted: NotedEpoch[] = []
  /** Processes that ended because of something that failed. */
  readonly failures: { readonly device: number; readonly code: string }[] = []
  readonly mishaps: string[] = []
  /** Of each kind of thing, the most that an honest device held. */
  readonly heldMost = new Map<string, number>()
  readonly #keys: MeshKeys

  constructor(plan: MeshPlan, { random, keys }: MeshWorldInit) {
    this.plan = plan
    this.random = random
    this.#keys = keys
    this.crypto = keys.crypto
    this.net = new MeshNet({ clock: this.clock, random })
    const founder = this.signerOf(0)
    this.roster = new MeshRoster({ crypto: this.crypto, founder, epochMs: plan.epochMs })
    for (let number = 0; number < plan.devices; number++) this.#newcomer()
  }

  signerOf(number: number): Signer {
    return this.#keys.signerOf(number)
  }

  /** When the weather begins, when it ends, and when the run does. */
  get restlessMs(): number {
    return this.plan.peaceEpochs * this.plan.epochMs
  }

  get calmMs(): number {
    return this.restlessMs + this.plan.restlessEpochs * this.plan.epochMs
  }

  get endMs(): number {
    return this.calmMs + this.plan.calmEpochs * this.plan.epochMs
  }

  /** The last epoch that must be decided in the end: of the shortest ones several pass in the rounds of one. */
  get lastEpoch(): number {
    const { epochMs } = this.plan
    return (
      Math.floor((this.endMs - Math.min(ROUNDS_MS_MAX, ROUNDS_EPOCHS_MAX * epochMs)) / epochMs) - 1
    )
  }

  /** Devices that joined when it was no longer peaceful: they may have nothing to say yet of the first epochs of calm. */
  get lateMembers(): ReadonlySet<number> {
    return new Set(
      this.members.map(({ number }) => number).filter((number) => number >= this.plan.devices),
    )
  }

  /** Devices that keep the rules and have not left. */
  get honest(): readonly MeshMember[] {
    return this.members.filter(({ left, liar }) => !left && liar === undefined)
  }

  async run(): Promise<this> {
    for (const member of this.members) {
      this.clock.after(this.random.fraction() * 500, 'wish', member.number, () => member.start())
    }
    this.#schedule()
    await this.#until(this.restlessMs)
    this.clock.tell('weather')
    this.net.weather = this.plan.net
    await this.#until(this.calmMs)
    this.clock.tell('calm')
    this.net.weather = CALM_NET
    await this.#until(this.endMs)
    return this
  }

  noteEpoch(member: MeshMember): void {
    const { room } = member
    const top = room?.chain.top
    if (room === undefined || top === undefined || member.liar !== undefined) return
    this.#count(room)
    const { epoch, parent } = top.header
    const { number: device } = member
    if (
      this.noted.some(
        (one) => one.device === device && one.epoch === epoch && one.header === toHex(top.id),
      )
    )
      return
    this.noted.push({
      epoch,
      header: toHex(top.id),
      parent: toHex(parent),
      scores: toHex(top.header.scoresRoot),
      round: top.certificate.round,
      device,
      atMs: this.clock.nowMs,
    })
  }

  /** What each device holds is counted whenever it has an epoch more. */
  #count({ pools }: EpochRoom): void {
    const { statements, evidence, owners, farewells, audits } = pools
    const held = { statements, evidence, owners, farewells, audits }
    for (const [name, pool] of Object.entries(held)) {
      this.heldMost.set(name, Math.max(this.heldMost.get(name) ?? 0, pool.all().length))
    }
  }

  noteFailure({ number }: MeshMember, code: string): void {
    this.clock.tell(`device ${number} ends: ${code}`)
    this.failures.push({ device: number, code })
  }

  isHonest(peer: PeerId): boolean {
    return this.honest.some(({ signer }) => signer.peer === peer)
  }

  async #until(untilMs: number): Promise<void> {
    while (this.clock.step(untilMs)) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }

  #newcomer(): MeshMember {
    const number = this.members.length
    const driftPpm = this.plan.driftPpm[number] ?? 0
    const member = new MeshMember(this, { number, driftPpm, liar: this.plan.liars.get(number) })
    this.members.push(member)
    this.roster.admit(member.signer.peer)
    return member
  }

  #schedule(): void {
    const { faults, ways, wishes } = this.plan
    for (const fault of faults) {
      this.clock.after(fault.atMs, 'fault', fault.device, () => this.#strike(fault))
    }
    for (const way of ways) {
      const peerOf = (number: number): PeerId => this.signerOf(number).peer
      this.clock.after(way.atMs, 'fault', 0, () => this.net.block(way, peerOf))
    }
    for (const wish of wishes) {
      this.clock.after(wish.atMs, 'wish', wish.device, () => this.#grant(wish))
    }
  }

  #strike(fault: MeshFault): void {
    const member = this.members[fault.device]
    if (member === undefined) return
    this.clock.tell(`${wordsOf(fault)} of device ${fault.device}`)
    switch (fault.type) {
      case 'crash':
      case 'power-cut':
        member.crash(fault.type === 'power-cut')
        return this.#later(fault.forMs, member, () => member.start())
      case 'rot':
      case 'wipe':
        member.crash(true)
        if (fault.type === 'rot') member.disk.rot()
        else member.disk.restore(new Map())
        return this.#later(fault.forMs, member, () => member.start())
      case 'stop':
        void member.stop().catch((error: unknown) => this.mishaps.push(`stop: ${String(error)}`))
        return this.#later(fault.forMs, member, () => member.again())
      case 'hang':
        return member.hang(fault.forMs)
      case 'clock':
        return member.time.set(fault.offMs)
      case 'disk': {
        member.disk.state = fault.state
        return this.#later(fault.forMs, member, () => {
          if (member.disk.state === fault.state) member.disk.state = WELL
        })
      }
    }
  }

  #grant(wish: MeshWish): void {
    this.clock.tell(`${wish.type} of device ${wish.device}`)
    const member = this.members[wish.device]
    const failed = (error: unknown): void => this.clock.tell(`refused: ${String(error)}`)
    switch (wish.type) {
      case 'join':
        return this.#newcomer().start()
      case 'leave':
        return void this.#leave(member)
      case 'bind':
        return void this.#bind(member, this.members[wish.owner]).catch(failed)
    }
  }

  /** Whoever is needed by the others stays for now; so does one that nobody would hear. */
  async #leave(member: MeshMember | undefined): Promise<void> {
    if (member === undefined || member.left) return
    const { epochs, room } = member
    const told = room === undefined ? 0 : await epochs?.farewell(false).catch(neededAt)
    if (told === undefined || told === 0) {
      const { epochMs } = this.plan
      return this.#later(epochMs, member, () => void this.#leave(member))
    }
    this.clock.tell(`device ${member.number} has left`)
    member.left = true
    await member.stop()
  }

  async #bind(device: MeshMember | undefined, owner: MeshMember | undefined): Promise<void> {
    if (device?.room === undefined || owner?.room === undefined) return
    const change = { owner: owner.signer.peer, device: device.signer.peer, binds: true }
    await device.room.commands.tie(change)
    await owner.room.commands.tie(change)
  }

  #later(ms: number, { number }: MeshMember, act: () => void): void {
    this.clock.after(ms, 'fault', number, act)
  }
}

/** How many were told by a device that is needed: nobody who counts. */
function neededAt(error: unknown): number {
  if (error instanceof TrustError && error.code === 'TRUST_SEAT_NEEDED') return 0
  throw error
}

function wordsOf(fault: MeshFault): string {
  switch (fault.type) {
    case 'clock':
      return `clock ${Math.round(fault.offMs)} ms off`
    case 'disk':
      return `disk ${fault.state.fault}, writes of ${Math.round(fault.state.writeMsMax)} ms`
    default:
      return fault.type
  }
}
