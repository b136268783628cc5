/**
 * One device of a simulated mesh with ledgers: what the daemon records, on a clock, disks and a network that are pretended.
 *
 * @module
 */

import type { Signer } from '../../core/crypto.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { SeededRandom } from '../../core/random.ts'
import type { OpenLedger } from '../../node/ledger/device-ledger.ts'
import { DeviceClock, DeviceTime } from '../meshes/device-clock.ts'
import type { MeshPort } from '../meshes/mesh-port.ts'
import { SimDevice } from '../sim-device.ts'
import { type DisksCopy, LedgerDisks } from './ledger-disks.ts'
import { type LedgerLiar, type LedgerLiarName, liarOf, WHIM_MS } from './ledger-liars.ts'
import { LedgerParts } from './ledger-parts.ts'
import { LedgerPort } from './ledger-port.ts'
import type { LedgerWorld } from './ledger-world.ts'

/** From one start of a device to the end of its process. */
export interface LedgerLife {
  readonly device: SimDevice
  readonly port: MeshPort
  readonly clock: DeviceClock
  /** One, but of those who show two ledgers. */
  readonly faces: readonly LedgerParts[]
}

/** Until a daemon that ended because of its disk is started again. */
const RESTART_MS = 10_000
const ROLL_BACK_MS = 100
/** Starts that find the ledger damaged, until its owner gives it up: others may be there by then who have the entries. */
const DAMAGED_STARTS = 3
const PROOFS_TOPIC = 'brume/ledger-evidence/1'

export interface LedgerDeviceInit {
  readonly number: number
  readonly driftPpm: number
  readonly liar: LedgerLiarName | undefined
}

export class LedgerDevice {
  readonly number: number
  /** Undefined for one that keeps the rules. */
  readonly liar: LedgerLiarName | undefined
  readonly ways: LedgerLiar
  readonly signer: Signer
  readonly time: DeviceTime
  readonly disks: LedgerDisks
  readonly #world: LedgerWorld
  /** Those of its second ledger, where it has one. */
  readonly #otherDisks: readonly LedgerDisks[]
  #life: LedgerLife | undefined
  #starts = 0
  #damaged = 0
  #copy: DisksCopy | undefined
  /** The next write ends the process, at this moment of it, for so long. */
  #armed: { readonly moment: 'during' | 'after'; readonly forMs: number } | undefined
  /** It is gone for good. */
  left = false

  constructor(world: LedgerWorld, { number, driftPpm, liar }: LedgerDeviceInit) {
    this.#world = world
    this.number = number
    this.liar = liar
    this.ways = liarOf(liar)
    this.signer = world.signerOf(number)
    this.time = new DeviceTime(world.clock, driftPpm)
    this.disks = new LedgerDisks(world.random)
    const others = (this.ways.faces ?? 1) - 1
    this.#otherDisks = Array.from({ length: others }, () => new LedgerDisks(world.random))
  }

  get life(): LedgerLife | undefined {
    return this.#life
  }

  /** What `peer` sees of it while it runs. */
  partsFor(peer: PeerId): LedgerParts | undefined {
    const faces = this.#life?.faces ?? []
    return faces[this.#faceFor(peer)]
  }

  /** The ledger that is to be believed, while it may be written. */
  get open(): OpenLedger | undefined {
    return this.#life?.faces[0]?.open
  }

  start(): void {
    if (this.#life !== undefined || this.left) return
    const { clock, net } = this.#world
    const device = new SimDevice(this.number, this.signer.peer, clock)
    const port = net.add(device)
    const own = new DeviceClock(clock, this.time, device)
    const life: LedgerLife = { device, port, clock: own, faces: this.#faces(device, port, own) }
    this.#life = life
    this.#starts++
    for (const { ledger } of life.faces) {
      ledger.onChange((open) => open !== undefined && this.#opened(life))
    }
    const starting = Promise.all(life.faces.map((face) => face.start()))
    starting.catch((error: unknown) => this.#fail(life, error))
    if (this.ways.whim !== undefined) this.#humour(life)
  }

  /** The process ends without a word; `power`: the machine is off, and nobody is told. */
  crash(power: boolean): void {
    const life = this.#life
    if (life === undefined) return
    this.#life = undefined
    this.#armed = undefined
    life.device.die()
    for (const disks of [this.disks, ...this.#otherDisks]) disks.crash()
    this.#world.net.gone(life.port, !power)
  }

  /** The next write is the last thing that its process begins, or ends. */
  crashIn(moment: 'during' | 'after', forMs: number): void {
    this.#armed = { moment, forMs }
  }

  /** Ends as a daemon does that is told to. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    await Promise.all(life.faces.map((face) => face.stop()))
    if (this.#life === life) this.crash(false)
  }

  hang(forMs: number): void {
    const device = this.#life?.device
    if (device === undefined) return
    device.hang()
    this.#world.clock.after(forMs, 'fault', this.number, () => device.wake())
  }

  /** Copies its disks. */
  backUp(): void {
    this.#copy = this.disks.copy()
  }

  /** The power goes, and with it something that was on the disk: a bit, or the ledger. */
  lose(what: 'rot' | 'wipe'): void {
    this.crash(true)
    this.#world.testimony.excuse(this)
    if (what === 'rot') this.disks.rot()
    else this.disks.wipe()
  }

  /** Its folders are put back as they were when they were last copied; it does not run meanwhile. */
  restore(): void {
    if (this.#copy === undefined) return
    this.crash(false)
    this.#world.testimony.excuse(this)
    this.disks.restore(this.#copy)
  }

  /** The whole machine is as it was when it was last copied, and knows of nothing. */
  rollBack(): void {
    if (this.#copy === undefined) return
    this.crash(true)
    this.disks.setBack(this.#copy)
    this.#world.clock.after(ROLL_BACK_MS, 'fault', this.number, () => this.start())
  }

  /** Tells all others of a proof, right or wrong. */
  tellProof(data: Uint8Array): void {
    this.#life?.port.spread({ from: this.signer.peer, topic: PROOFS_TOPIC, data })
  }

  #faces(device: SimDevice, port: MeshPort, clock: DeviceClock): readonly LedgerParts[] {
    const world = this.#world
    const bend = this.ways.bend
    const whole = new LedgerPort(port, (speech) => {
      world.testimony.note(this, speech)
      return bend === undefined ? speech.frame : bend(this, world, speech)
    })
    return [this.disks, ...this.#otherDisks].map(
      (disks, face) =>
        new LedgerParts({
          network: whole.face((peer) => this.#faceFor(peer) === face),
          roster: world.roster,
          signer: this.signer,
          crypto: world.roster.context.crypto,
          clock,
          random: SeededRandom.fromInteger(1 + 1_000 * this.number + this.#starts),
          logger: this.#logger(device),
          life: device,
          disks,
          watch: (moment) => this.#survives(moment),
          isNew: this.#starts === 0,
          asksNobody: this.ways.asksNobody === true,
          onFailure: (error) => {
            const life = this.#life
            if (life?.device === device) this.#fail(life, error)
          },
        }),
    )
  }

  /** Which of its ledgers it shows to `peer`. */
  #faceFor(peer: PeerId): number {
    return this.#world.numberOf(peer) % (1 + this.#otherDisks.length)
  }

  #survives(moment: 'during' | 'after'): boolean {
    const armed = this.#armed
    if (armed?.moment !== moment) return true
    this.#world.clock.tell(`device ${this.number} ends ${moment} a write`)
    this.crash(true)
    this.#world.clock.after(armed.forMs, 'fault', this.number, () => this.start())
    return false
  }

  #opened(life: LedgerLife): void {
    if (this.#life !== life) return
    this.#damaged = 0
    this.#world.testimony.check(this)
  }

  /** What refuses or is damaged ends the daemon; whoever watches over it starts it again, and gives up in the end. */
  #fail(life: LedgerLife, error: unknown): void {
    if (this.#life !== life) return
    const world = this.#world
    const code = errorCode(error) ?? String(error)
    world.noteFailure(this, code)
    this.crash(false)
    if (code === 'LEDGER_STORE_DAMAGED' && ++this.#damaged === DAMAGED_STARTS) {
      world.testimony.excuse(this)
      this.disks.wipe()
    }
    world.clock.after(RESTART_MS, 'fault', this.number, () => this.start())
  }

  #humour(life: LedgerLife): void {
    const { random } = this.#world
    life.device.after(WHIM_MS * (0.5 + random.fraction()), 'wish', () => {
      this.ways.whim?.(this, this.#world)
      this.#humour(life)
    })
  }

  #logger(device: SimDevice): Logger {
    const tell = (event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      if (!device.alive) return
      const told = Object.entries(facts).map(([name, value]) => `${name} ${textOf(value)}`)
      this.#world.clock.tell(`device ${this.number}: ${[event, ...told].join(', ')}`)
    }
    const logger: Logger = {
      debug: () => undefined,
      info: tell,
      warn: tell,
      error: tell,
      child: () => logger,
    }
    return logger
  }
}

/** Longest text that is told whole: ids are not. */
const NAME_LENGTH = 32

function textOf(value: unknown): string {
  if (value instanceof Error) return errorCode(value) ?? value.message
  if (typeof value === 'string') return value.length > NAME_LENGTH ? value.slice(-8) : value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '…'
}
