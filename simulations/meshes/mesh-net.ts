/**
 * What lies between the devices of a simulated mesh: ways that are long now and then, lose and double, are slow, are
 * clogged for a while, or lead one way only.
 *
 * Gossip is passed on from device to device as single messages; links are ordered, and break where something on them
 * is lost for good.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { SeededRandom } from '../../core/random.ts'
import type { SimClock } from '../sim-clock.ts'
import type { SimDevice } from '../sim-device.ts'
import type { MeshClog, MeshCut } from './mesh-plan.ts'
import { MeshPort } from './mesh-port.ts'

/** How long a way is, in ms: most often about the median, at times many times that. */
export interface Latency {
  readonly medianMs: number
  /** Standard deviation of the logarithm; 0 for a way that is always as long. */
  readonly sigma: number
  readonly msMax: number
}

export interface NetWeather {
  readonly latency: Latency
  /** Shares of messages, in [0, 1]. */
  readonly loss: number
  readonly doubling: number
  /** What a device sends in one ms, in bytes. */
  readonly bytesPerMs: number
}

export const CALM_NET: NetWeather = {
  latency: { medianMs: 20, sigma: 0.4, msMax: 200 },
  loss: 0,
  doubling: 0,
  bytesPerMs: 1_000,
}

/** Until the other end of a connection that is gone is missed, at most: by a word of its system, or by silence. */
const LOUD_MS_MAX = 500
const SILENT_MS_MAX = 15_000
/** Until a device that has just started has called all others. */
const DIAL_MS_MAX = 2_000
/** Bytes of the envelope of a message. */
const ENVELOPE_BYTES = 200

export interface NetInit {
  readonly clock: SimClock
  readonly random: SeededRandom
}

export class MeshNet {
  weather: NetWeather = CALM_NET
  readonly random: SeededRandom
  readonly clock: SimClock
  readonly #ports = new Map<PeerId, MeshPort>()
  /** By who sends and who hears: how many cuts there are, and until when it is clogged. */
  readonly #cuts = new Map<string, number>()
  readonly #clogged = new Map<string, number>()
  #messages = 0

  constructor({ clock, random }: NetInit) {
    this.clock = clock
    this.random = random
  }

  /** A device that starts, and calls all that are there. */
  add(life: SimDevice): MeshPort {
    const port = new MeshPort(this, life)
    this.#ports.set(life.peer, port)
    for (const other of this.#ports.values()) if (other !== port) this.#dial(port, other)
    return port
  }

  /** The port of a device that runs. */
  portOf(peer: PeerId): MeshPort | undefined {
    const port = this.#ports.get(peer)
    return port?.life.alive === true ? port : undefined
  }

  /** The process has ended: those that were connected notice, sooner when its system tells them. */
  gone(port: MeshPort, loud: boolean): void {
    for (const peer of port.connected()) {
      const other = this.#ports.get(peer)
      const noticeMs = this.random.fraction() * (loud ? LOUD_MS_MAX : SILENT_MS_MAX)
      other?.life.after(noticeMs, 'end', () => other.lose(port))
    }
  }

  /** From now on nothing goes from some to others, until as many heals came as cuts. */
  cut(from: PeerId, to: PeerId): void {
    const key = wayOf(from, to)
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1)
    this.clock.after(this.random.fraction() * SILENT_MS_MAX, 'end', 0, () => {
      // One way is enough to be taken for there.
      if (this.isCut(from, to) && this.isCut(to, from)) this.#part(from, to)
    })
  }

  heal(from: PeerId, to: PeerId): void {
    const key = wayOf(from, to)
    this.#cuts.set(key, Math.max(0, (this.#cuts.get(key) ?? 0) - 1))
    const [one, other] = [this.portOf(from), this.portOf(to)]
    if (one !== undefined && other !== undefined) this.#dial(one, other)
  }

  isCut(from: PeerId, to: PeerId): boolean {
    return (this.#cuts.get(wayOf(from, to)) ?? 0) > 0
  }

  /** What is sent this way until then arrives only after it. */
  clog(from: PeerId, to: PeerId, forMs: number): void {
    this.#clogged.set(wayOf(from, to), this.clock.nowMs + forMs)
  }

  /** Cuts or clogs the ways between some devices and others, by their numbers, for a while. */
  block({ type, forMs, from, to }: MeshCut | MeshClog, peerOf: (number: number) => PeerId): void {
    this.clock.tell(`${type} from ${from.join(' ')} to ${to.join(' ')} for ${Math.round(forMs)} ms`)
    const pairs = from.flatMap((a) => to.map((b) => [peerOf(a), peerOf(b)] as const))
    for (const [a, b] of pairs) {
      if (type === 'clog') this.clog(a, b, forMs)
      else this.cut(a, b)
    }
    if (type === 'clog') return
    this.clock.after(forMs, 'fault', 0, () => {
      for (const [a, b] of pairs) this.heal(a, b)
    })
  }

  nextMessage(): number {
    return this.#messages++
  }

  /** How long so many bytes take from one device to another, in ms. */
  wayMs(from: MeshPort, to: PeerId, bytes: number): number {
    const { nowMs } = this.clock
    const sentMs = from.sent((bytes + ENVELOPE_BYTES) / this.weather.bytesPerMs)
    const clearMs = Math.max(sentMs, this.#clogged.get(wayOf(from.self, to)) ?? 0)
    return clearMs - nowMs + this.#latencyMs()
  }

  /** Whether a message is lost on its way, and in how many copies it comes. */
  copies(): number {
    const { loss, doubling } = this.weather
    if (this.random.fraction() < loss) return 0
    return this.random.fraction() < doubling ? 2 : 1
  }

  #latencyMs(): number {
    const { medianMs, sigma, msMax } = this.weather.latency
    return Math.min(msMax, medianMs * Math.exp(sigma * gauss(this.random)))
  }

  #dial(one: MeshPort, other: MeshPort): void {
    this.clock.after(this.random.fraction() * DIAL_MS_MAX, 'arrival', one.life.number, () => {
      const [from, to] = [one.self, other.self]
      const isThere = one.life.alive && other.life.alive
      if (!isThere || this.isCut(from, to) || this.isCut(to, from)) return
      one.meet(other)
      other.meet(one)
    })
  }

  /** Neither hears the other any more. */
  #part(one: PeerId, other: PeerId): void {
    const [a, b] = [this.portOf(one), this.portOf(other)]
    if (a === undefined || b === undefined) return
    a.life.act(() => a.lose(b))
    b.life.act(() => b.lose(a))
  }
}

function wayOf(from: PeerId, to: PeerId): string {
  return `${from}>${to}`
}

/** A draw from the normal distribution (Box and Muller, 1958). */
function gauss(random: SeededRandom): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.fraction()))
  return radius * Math.cos(2 * Math.PI * random.fraction())
}
