/**
 * One device of a simulated mesh: the epochs of the daemon, on a clock, a disk and a network that are pretended.
 *
 * @module
 */

import type { Signer } from '../../core/crypto.ts'
import type { Logger } from '../../core/logger.ts'
import { SeededRandom } from '../../core/random.ts'
import { MeshEpochs } from '../../node/epoch/mesh-epochs.ts'
import type { EpochChain } from '../../node/epoch/epoch-chain.ts'
import type { EpochRoom } from '../../node/epoch/epoch-room.ts'
import type { Disk } from '../../node/ledger/memory-rows.ts'
import { SimDevice } from '../sim-device.ts'
import { DeviceClock, DeviceTime } from './device-clock.ts'
import { bentPort, type MeshLiarName } from './mesh-liars.ts'
import type { MeshPort } from './mesh-port.ts'
import type { MeshWorld } from './mesh-world.ts'
import { SimDisk } from './sim-disk.ts'

/** From one start of a device to the end of its process. */
interface Life {
  readonly device: SimDevice
  readonly port: MeshPort
  readonly clock: DeviceClock
  readonly epochs: MeshEpochs
}

/** Until a daemon that ended because of its disk is started again. */
const RESTART_MS = 10_000
const ROLL_BACK_MS = 100

export interface MeshMemberInit {
  readonly number: number
  readonly driftPpm: number
  readonly liar: MeshLiarName | undefined
}

export class MeshMember {
  readonly number: number
  /** Undefined for one that keeps the rules. */
  readonly liar: MeshLiarName | undefined
  readonly signer: Signer
  readonly time: DeviceTime
  /** Where epochs lie, and where the membership does. */
  readonly disk: SimDisk
  readonly state: SimDisk
  readonly #world: MeshWorld
  #life: Life | undefined
  #stopping: Life | undefined
  #starts = 0
  #backup: { readonly disk: Disk; readonly state: Disk } | undefined
  /** It said that it leaves, and is not started again. */
  left = false

  constructor(world: MeshWorld, { number, driftPpm, liar }: MeshMemberInit) {
    this.#world = world
    this.number = number
    this.liar = liar
    this.signer = world.signerOf(number)
    this.time = new DeviceTime(world.clock, driftPpm)
    this.disk = new SimDisk(world.random)
    this.state = new SimDisk(world.random)
  }

  /** The epochs of its mesh, while it runs and has read what it keeps. */
  get room(): EpochRoom | undefined {
    const room = this.#life?.epochs.room
    return room?.ready === true ? room : undefined
  }

  get chain(): EpochChain | undefined {
    return this.room?.chain
  }

  get epochs(): MeshEpochs | undefined {
    return this.#life?.epochs
  }

  start(): void {
    if (this.#life !== undefined || this.left) return
    const { clock, net } = this.#world
    const device = new SimDevice(this.number, this.signer.peer, clock)
    const port = net.add(device)
    const own = new DeviceClock(clock, this.time, device)
    const epochs = this.#epochsOf({ device, port, clock: own })
    const life = { device, port, clock: own, epochs }
    this.#life = life
    this.#starts++
    epochs.onEpoch(() => this.#world.noteEpoch(this))
    epochs.start().catch((error: unknown) => this.#fail(life, error))
  }

  /** The process ends without a word; `power`: the machine is off, and nobody is told. */
  crash(power: boolean): void {
    const life = this.#life
    if (life === undefined) return
    this.#life = undefined
    life.device.die()
    this.disk.crash()
    this.state.crash()
    this.#world.net.gone(life.port, !power)
  }

  /** Ends as a daemon does that is told to. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    this.#stopping = life
    await life.epochs.stop()
    if (this.#life === life) this.crash(false)
  }

  /** Starts again; what has not come to its end by then is ended. */
  again(): void {
    if (this.#life !== undefined && this.#life === this.#stopping) this.crash(false)
    this.start()
  }

  /** Copies its disks. */
  backUp(): void {
    this.#backup = { disk: this.disk.copy(), state: this.state.copy() }
  }

  /** Starts again from the last copy. */
  rollBack(): void {
    if (this.#backup === undefined) return
    this.crash(true)
    this.disk.restore(this.#backup.disk)
    this.state.restore(this.#backup.state)
    this.#world.clock.after(ROLL_BACK_MS, 'fault', this.number, () => this.start())
  }

  /** Does nothing for a while, and then goes on as if nothing had been. */
  hang(forMs: number): void {
    const device = this.#life?.device
    if (device === undefined) return
    device.hang()
    this.#world.clock.after(forMs, 'fault', this.number, () => device.wake())
  }

  #epochsOf({ device, port, clock }: Omit<Life, 'epochs'>): MeshEpochs {
    const world = this.#world
    const { liar } = this
    const network = liar === undefined ? port : bentPort(liar, { world, member: this, port, clock })
    return new MeshEpochs(
      {
        network,
        mesh: world.roster.viewOf(this.signer.peer),
        near: { onNear: (listener) => port.onNear(listener) },
        ledger: { current: undefined },
        signer: this.signer,
        crypto: world.crypto,
        clock,
        logger: this.#logger(device),
        random: SeededRandom.fromInteger(1 + 1_000 * this.number + this.#starts),
        memory: this.state.memory(device),
        floorOf: () => undefined,
        proofs: () => [],
        openRows: () => this.disk.opened(device),
        madeFolder: async () => undefined,
        // Disks that are full refuse what is written; how much is left, nobody asks.
        freeBytesIn: async () => Infinity,
        onFailure: (error) => {
          const life = this.#life
          if (life?.device === device) this.#fail(life, error)
        },
      },
      { stateDir: '/state' },
    )
  }

  /** A disk that refuses ends the daemon; whoever watches over it starts it again. */
  #fail(life: Life, error: unknown): void {
    if (this.#life !== life) return
    this.#world.noteFailure(this, nameOf(error))
    this.crash(false)
    this.#world.clock.after(RESTART_MS, 'fault', this.number, () => this.start())
  }

  #logger(device: SimDevice): Logger {
    const tell = (event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      if (!device.alive) return
      const told = Object.entries(facts).map(([name, value]) => `${name} ${textOf(value)}`)
      this.#world.clock.tell(`device ${this.number}: ${[event, ...told].join(', ')}`)
    }
    const debug = (event: string, facts?: Readonly<Record<string, unknown>>): void => {
      if (TOLD.has(event)) tell(event, facts)
    }
    const logger: Logger = { debug, info: tell, warn: tell, error: tell, child: () => logger }
    return logger
  }
}

/** Of what a device says for those who look for a fault, what tells a story. */
const TOLD: ReadonlySet<string> = new Set(['epoch decided', 'decided epoch refused'])

/** Longest text that is told whole: ids are not. */
const NAME_LENGTH = 32

function textOf(value: unknown): string {
  if (value instanceof Error) return nameOf(value)
  if (typeof value === 'string') return value.length > NAME_LENGTH ? value.slice(-8) : value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '…'
}

/** The code of an error, or what it says. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}
