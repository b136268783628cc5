/**
 * A simulated mesh of devices that work for one another and keep ledgers: the ledgers, witnesses and receipts of the
 * daemon, while clocks, disks, ways and processes fail.
 *
 * The daemon's code awaits its ports. Between two events everything that waits for no time happens, so that the same
 * seed does the same again.
 *
 * @module
 */

import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { SeededRandom } from '../../core/random.ts'
import type { MeshKeys } from '../meshes/mesh-keys.ts'
import { CALM_NET, MeshNet } from '../meshes/mesh-net.ts'
import { WELL } from '../meshes/sim-disk.ts'
import { SimClock } from '../sim-clock.ts'
import { Deal } from './deal.ts'
import { LedgerDevice } from './ledger-device.ts'
import type { LedgerFault, LedgerPlan } from './ledger-plan.ts'
import { LedgerRoster } from './ledger-roster.ts'
import { LedgerSpeaker, type Told } from './ledger-speaker.ts'
import type { DatedProof } from './ledger-trust.ts'
import { Testimony } from './testimony.ts'

export interface LedgerWorldInit {
  readonly random: SeededRandom
  readonly keys: MeshKeys
}

export class LedgerWorld {
  readonly clock = new SimClock()
  readonly plan: LedgerPlan
  readonly random: SeededRandom
  readonly net: MeshNet
  readonly roster: LedgerRoster
  readonly testimony: Testimony
  readonly devices: LedgerDevice[] = []
  readonly deals: Deal[] = []
  /** Processes that ended because of something that failed. */
  readonly failures: { readonly device: number; readonly code: string }[] = []
  readonly mishaps: string[] = []
  /** What devices said of epochs, in the order in which they said it. */
  readonly told: Told[] = []
  /** Each proof that some honest device came to hold. */
  readonly proofs: DatedProof[] = []
  readonly #keys: MeshKeys
  readonly #numbers = new Map<PeerId, number>()
  readonly #speakers = new Map<LedgerDevice, LedgerSpeaker>()

  constructor(plan: LedgerPlan, { random, keys }: LedgerWorldInit) {
    this.plan = plan
    this.random = random
    this.#keys = keys
    this.net = new MeshNet({ clock: this.clock, random })
    this.roster = new LedgerRoster(keys.crypto)
    this.testimony = new Testimony(this)
    for (let number = 0; number < plan.devices; number++) this.#newcomer()
  }

  signerOf(number: number): Signer {
    return this.#keys.signerOf(number)
  }

  numberOf(peer: PeerId): number {
    const number = this.#numbers.get(peer)
    invariant(number !== undefined, 'every device of a simulation has a number')
    return number
  }

  /** Devices that keep the rules. */
  get honest(): readonly LedgerDevice[] {
    return this.devices.filter(({ liar }) => liar === undefined)
  }

  isHonest(peer: PeerId): boolean {
    return this.devices[this.numberOf(peer)]?.liar === undefined
  }

  async run(): Promise<this> {
    const { restlessMs, calmMs, net, liars } = this.plan
    for (const [number, liar] of liars) this.clock.tell(`device ${number} is a ${liar}`)
    for (const device of this.devices) {
      this.clock.after(this.random.fraction() * 500, 'wish', device.number, () => device.start())
    }
    this.#schedule()
    this.net.weather = net
    await this.#until(restlessMs)
    this.clock.tell('calm')
    this.net.weather = CALM_NET
    await this.#until(restlessMs + calmMs)
    return this
  }

  noteFailure({ number }: LedgerDevice, code: string): void {
    this.clock.tell(`device ${number} ends: ${code}`)
    this.failures.push({ device: number, code })
  }

  async #until(untilMs: number): Promise<void> {
    while (this.clock.step(untilMs)) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }

  #newcomer(): LedgerDevice {
    const number = this.devices.length
    const driftPpm = this.plan.driftPpm[number] ?? 0
    const device = new LedgerDevice(this, { number, driftPpm, liar: this.plan.liars.get(number) })
    this.devices.push(device)
    this.#numbers.set(device.signer.peer, number)
    this.roster.admit(device.signer.peer)
    return device
  }

  #schedule(): void {
    const { faults, ways, deals, restlessMs, calmMs, epochMs } = this.plan
    for (let epoch = 0; (epoch + 1) * epochMs < restlessMs + calmMs; epoch++) {
      this.clock.after((epoch + 1) * epochMs, 'wish', 0, () => this.#closeEpoch(epoch))
    }
    for (const fault of faults) {
      this.clock.after(fault.atMs, 'fault', fault.device, () => this.#strike(fault))
    }
    for (const way of ways) {
      const peerOf = (number: number): PeerId => this.signerOf(number).peer
      this.clock.after(way.atMs, 'fault', 0, () => this.net.block(way, peerOf))
    }
    for (const [number, plan] of deals.entries()) {
      const deal = new Deal(this, plan, number)
      this.deals.push(deal)
      this.clock.after(plan.atMs, 'wish', plan.requester, () => deal.begin())
    }
    for (const device of this.devices) {
      if (device.ways.comesBack !== true) continue
      this.clock.after(restlessMs / 2, 'wish', device.number, () => this.#comeBack(device))
    }
  }

  /** All that are there say what they did, and what they can prove. */
  #closeEpoch(epoch: number): void {
    for (const device of this.devices) {
      const speaker = this.#speakers.get(device) ?? new LedgerSpeaker(this.roster, device)
      this.#speakers.set(device, speaker)
      speaker.speak(epoch, this.plan.epochMs).then(
        (told) => told !== undefined && this.told.push(told),
        (error: unknown) => this.mishaps.push(`device ${device.number}: ${String(error)}`),
      )
    }
    const known = new Set(this.proofs.map(({ proof }) => proof.accused))
    const held = this.honest.flatMap(({ life }) => life?.faces[0]?.witness.book?.evidence ?? [])
    for (const { proof } of held.flatMap((evidence) => evidence.proofs())) {
      if (known.has(proof.accused)) continue
      known.add(proof.accused)
      this.proofs.push({ epoch, proof })
    }
  }

  /** A device is thrown away, with all that it signed; whoever owns it is a newcomer. */
  #comeBack(device: LedgerDevice): void {
    device.crash(false)
    device.left = true
    const newcomer = this.#newcomer()
    this.clock.tell(`device ${device.number} comes back as ${newcomer.number}`)
    newcomer.start()
  }

  #strike(fault: LedgerFault): void {
    const device = this.devices[fault.device]
    if (device === undefined) return
    this.clock.tell(`${fault.type} of device ${fault.device}`)
    switch (fault.type) {
      case 'crash':
      case 'power-cut':
        device.crash(fault.type === 'power-cut')
        return this.#startLater(fault.forMs, device)
      case 'crash-in-write':
        return device.crashIn(fault.moment, fault.forMs)
      case 'rot':
      case 'wipe':
        device.lose(fault.type)
        return this.#startLater(fault.forMs, device)
      case 'restore':
        device.backUp()
        return this.#later(fault.laterMs, device, () => {
          device.restore()
          this.#startLater(fault.forMs, device)
        })
      case 'stop':
        void device.stop().catch((error: unknown) => this.mishaps.push(`stop: ${String(error)}`))
        return this.#later(fault.forMs, device, () => {
          device.crash(false)
          device.start()
        })
      case 'hang':
        return device.hang(fault.forMs)
      case 'clock':
        return device.time.set(fault.offMs)
      case 'disk':
        device.disks.condition = fault.state
        return this.#later(fault.forMs, device, () => {
          if (device.disks.condition === fault.state) device.disks.condition = WELL
        })
    }
  }

  #startLater(ms: number, device: LedgerDevice): void {
    this.#later(ms, device, () => device.start())
  }

  #later(ms: number, { number }: LedgerDevice, act: () => void): void {
    this.clock.after(ms, 'fault', number, act)
  }
}
