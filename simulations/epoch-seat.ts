/**
 * A seat that keeps the rules: the machine, its disk, and the process that can end at any moment.
 *
 * @module
 */

import { textOf, toHex } from '../core/bytes.ts'
import type { Signer } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { MachineDriver } from '../node/network/machine-driver.ts'
import {
  decodeVoteRecord,
  type Decision,
  EpochMachine,
  type EpochInput,
  type EpochMessage,
  type EpochOutput,
  standpointOf,
} from '../protocols/epoch/index.ts'
import type { EpochWorld } from './epoch-world.ts'
import { simCrypto } from './sim-crypto.ts'
import { SimDevice } from './sim-device.ts'

type Disk = 'as it was' | 'lost'

/** From a write that is safe to the process that hears of it, in milliseconds. */
const NOTICE_MS_MAX = 2

export class EpochSeat {
  readonly number: number
  readonly peer: PeerId
  readonly #world: EpochWorld
  readonly #signer: Signer
  /** What is safe on its disk; that there was something is known from elsewhere. */
  #record: Uint8Array | undefined
  #seatedIn: number | undefined
  #disk: Disk = 'as it was'
  #writtenMs = 0
  #device: SimDevice
  #machine: EpochMachine | undefined
  #driver: MachineDriver<EpochInput, EpochOutput> | undefined
  #gone = false
  #abstains = false
  decision: Decision | undefined

  constructor(world: EpochWorld, number: number, signer: Signer) {
    this.#world = world
    this.number = number
    this.peer = signer.peer
    this.#signer = signer
    this.#device = new SimDevice(number, signer.peer, world.clock)
  }

  /** True when it never comes back. */
  get gone(): boolean {
    return this.#gone
  }

  /** True when it lost its votes and may not vote. */
  get abstains(): boolean {
    return this.#abstains
  }

  get round(): number {
    return this.#machine?.round ?? 0
  }

  get machine(): EpochMachine | undefined {
    return this.#machine
  }

  start(): void {
    if (this.#gone || this.#driver !== undefined) return
    const { context, committee, order, timeouts, clock } = this.#world
    const stored = { seatedIn: this.#seatedIn, record: this.#record, abstainsUntil: 0 }
    const standpoint = standpointOf(context.epoch, context.network, stored)
    this.#abstains = standpoint.type === 'abstains'
    this.#device = new SimDevice(this.number, this.peer, clock)
    this.#machine = new EpochMachine({
      ...context,
      committee,
      order,
      timeouts,
      seat: this.#abstains ? undefined : this.number,
      signer: this.#signer,
      crypto: simCrypto,
      record: standpoint.type === 'bound' ? standpoint.record : undefined,
    })
    this.#driver = this.#device.drive<EpochInput, EpochOutput>(this.#machine, (output) =>
      this.#perform(output),
    )
    this.#driver.feed({ type: 'start' })
  }

  /** Ends the process; what was not safe on disk is gone. */
  crash(downMs: number, diskLost: boolean): void {
    if (this.#gone) return
    this.#device.die()
    this.#driver = undefined
    this.#writtenMs = 0
    this.#disk = diskLost ? 'lost' : 'as it was'
    if (this.#disk === 'lost') this.#record = undefined
    // What it decided is in another store, and is believed when it is read again.
    this.#world.clock.after(downMs, 'fault', this.number, () => this.start())
  }

  die(): void {
    this.#gone = true
    this.#device.die()
    this.#driver = undefined
  }

  hang(forMs: number): void {
    const device = this.#device
    device.hang()
    this.#world.clock.after(forMs, 'fault', this.number, () => device.wake())
  }

  receive(from: number, message: EpochMessage): void {
    const driver = this.#driver
    const input: EpochInput = { type: 'message', from: String(from), message }
    this.#device.act(() => driver?.feed(input))
  }

  #perform(output: EpochOutput): void {
    const world = this.#world
    switch (output.type) {
      case 'build':
        return this.#later(world.random.fraction() * 300, {
          type: 'built',
          round: output.round,
          value: world.value(this.number, `round ${output.round}`),
        })
      case 'check':
        return this.#check(output)
      case 'persist':
        return this.#write(output)
      case 'send':
        return this.#send(output)
      case 'decided':
        return this.#decide(output.decision)
      case 'evidence':
        world.proofs.push(output.proof)
        return
      case 'conflict':
        // The fault of its proposer is told beside it.
        return
      case 'suspect':
        world.accusations.push(output.accusation)
        return
      case 'fault':
        world.faults.push({ by: this.number, from: output.from, code: output.code })
    }
  }

  #later(ms: number, input: EpochInput): void {
    const driver = this.#driver
    this.#device.after(ms, 'work', () => driver?.feed(input))
  }

  /** Good values are voted for; in early rounds some seats lack a part of what is in them. */
  #check({ round, value }: Extract<EpochOutput, { type: 'check' }>): void {
    const { random, plan } = this.#world
    const good = textOf(value)?.startsWith('good') ?? false
    const valid = good && (round >= 2 || random.fraction() >= plan.doubt)
    this.#later(random.fraction() * 400, { type: 'checked', round, value, valid })
  }

  #write({ token, record }: Extract<EpochOutput, { type: 'persist' }>): void {
    const { clock, random, plan } = this.#world
    const tookMs = random.fraction() * plan.diskMsMax
    this.#writtenMs = Math.max(this.#writtenMs, clock.nowMs + tookMs)
    const driver = this.#driver
    this.#device.after(this.#writtenMs - clock.nowMs, 'work', () => {
      this.#record = record
      this.#seatedIn = this.#world.context.epoch
      this.#device.after(random.fraction() * NOTICE_MS_MAX, 'work', () =>
        driver?.feed({ type: 'persisted', token }),
      )
    })
  }

  #send({ to, message }: Extract<EpochOutput, { type: 'send' }>): void {
    if (message.type === 'vote' && message.vote.seat === this.number) this.#checkOnDisk(message)
    this.#world.send(this.number, to === undefined ? undefined : Number(to), message)
  }

  /** Nothing that this seat signs may be out before it is on disk. */
  #checkOnDisk({ vote }: Extract<EpochMessage, { type: 'vote' }>): void {
    const record = this.#record === undefined ? undefined : decodeVoteRecord(this.#record)
    const cast = vote.kind === 'prevote' ? record?.prevote : record?.precommit
    const value = (id: Uint8Array | undefined): string => (id === undefined ? 'nil' : toHex(id))
    const later = record !== undefined && record.round > vote.round
    const same =
      record?.round === vote.round && cast !== undefined && value(cast.value) === value(vote.value)
    if (!later && !same) {
      this.#world.mishaps.push(`seat ${this.number} sent a ${vote.kind} that was not on its disk`)
    }
  }

  #decide(decision: Decision): void {
    const world = this.#world
    const text = textOf(decision.value) ?? ''
    world.clock.tell(
      `seat ${this.number} decides on ${text} in round ${decision.certificate.round}`,
    )
    if (this.decision !== undefined && textOf(this.decision.value) !== text) {
      world.mishaps.push(`seat ${this.number} decided twice, on different things`)
    }
    this.decision = decision
  }
}
