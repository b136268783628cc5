/**
 * What frames have shown of the links between devices: delay and rate, each way by itself, smoothed.
 *
 * Small frames tell the delay, large ones the rate. A ping says something of a link until the
 * first frame does: a frame is what counts, with the work at both ends.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { PlacementLink } from '../placement/plan.ts'

/** Weight of a new sample in the moving averages, once there are some: single frames stray widely. */
const ALPHA = 0.05

/** Frames up to this size tell the delay, from that size on the rate. */
const DELAY_BYTES_MAX = 8_192
const RATE_BYTES_MIN = 32_768

/** What is assumed of a link that carried nothing yet, not even a ping: a wired home network. */
const UNKNOWN = { rttMs: 1, mbps: 1_000 }

/** Links that are remembered; of more, the one that was used longest ago is forgotten. */
const LINKS_MAX = 1_024

/** A frame that went from one device to another. */
export interface LinkFrame {
  readonly from: PeerId
  readonly to: PeerId
  readonly bytes: number
  /** From the moment that one had it until the other had all of it. */
  readonly ms: number
}

/** Between this device and another one, both ways alike. */
export interface LinkEstimate {
  readonly rttMs: number
  readonly mbps: number
}

interface Link {
  readonly from: PeerId
  readonly to: PeerId
  delayMs: number | undefined
  delays: number
  mbps: number | undefined
  rates: number
}

export class LinkTable {
  readonly #self: PeerId
  readonly #links = new Map<string, Link>()
  /** Round trips of pings. */
  readonly #pings = new Map<PeerId, number>()

  constructor(self: PeerId) {
    this.#self = self
  }

  note({ from, to, bytes, ms }: LinkFrame): void {
    if (!(ms >= 0) || !Number.isFinite(ms)) return
    const link = this.#take(from, to)
    const { delayMs = 0, mbps = UNKNOWN.mbps } = link
    if (bytes <= DELAY_BYTES_MAX) {
      const sample = Math.max(0, ms - (8 * bytes) / (1000 * mbps))
      link.delayMs = smooth(link.delayMs, sample, ++link.delays)
    } else if (bytes >= RATE_BYTES_MIN && ms > delayMs) {
      const sample = (8 * bytes) / (1000 * (ms - delayMs))
      link.mbps = smooth(link.mbps, sample, ++link.rates)
    }
  }

  /** True once a frame or a ping told the delay between this device and `peer`. */
  knows(peer: PeerId): boolean {
    return this.#pings.has(peer) || this.#delaysOf(peer).length > 0
  }

  /** A ping to `peer` took so long there and back. */
  notePing(peer: PeerId, rttMs: number): void {
    forgetOldest(this.#pings)
    this.#pings.set(peer, rttMs)
  }

  /** What may be expected between this device and `peer`. */
  estimate(peer: PeerId): LinkEstimate {
    const delays = this.#delaysOf(peer)
    const rates = this.#ways(peer).flatMap(({ mbps }) => mbps ?? [])
    const rttMs =
      delays.length === 0
        ? (this.#pings.get(peer) ?? UNKNOWN.rttMs)
        : (2 * delays.reduce((sum, ms) => sum + ms, 0)) / delays.length
    return { rttMs, mbps: rates.length === 0 ? UNKNOWN.mbps : Math.min(...rates) }
  }

  /**
   * Mbit/s from one device to another; where that was not measured, what their links to this device
   * carry at least. Undefined where nothing was.
   */
  rate(from: PeerId, to: PeerId): number | undefined {
    const direct = this.#find(from, to)?.mbps
    if (direct !== undefined) return direct
    const rates = [from, to].flatMap((peer) => this.#ways(peer).flatMap(({ mbps }) => mbps ?? []))
    return rates.length === 0 ? undefined : Math.min(...rates)
  }

  /** Bytes a millisecond that may be expected from one device to another. */
  bytesPerMs(from: PeerId, to: PeerId): number {
    return ((this.rate(from, to) ?? UNKNOWN.mbps) * 1_000) / 8
  }

  /** Every link whose delay was measured. */
  measured(): readonly PlacementLink[] {
    return this.#links
      .values()
      .flatMap(({ from, to, delayMs, mbps = UNKNOWN.mbps }) =>
        delayMs === undefined ? [] : [{ from, to, delayMs, mbps }],
      )
      .toArray()
  }

  /** What is known of the link to `peer`, each way. */
  #ways(peer: PeerId): readonly Link[] {
    return [this.#find(this.#self, peer) ?? [], this.#find(peer, this.#self) ?? []].flat()
  }

  #delaysOf(peer: PeerId): readonly number[] {
    return this.#ways(peer).flatMap(({ delayMs }) => delayMs ?? [])
  }

  #find(from: PeerId, to: PeerId): Link | undefined {
    return this.#links.get(`${from} ${to}`)
  }

  #take(from: PeerId, to: PeerId): Link {
    const key = `${from} ${to}`
    const known = this.#links.get(key)
    const link = known ?? {
      from,
      to,
      delayMs: undefined,
      delays: 0,
      mbps: undefined,
      rates: 0,
    }
    // The latest in use stands last.
    this.#links.delete(key)
    forgetOldest(this.#links)
    this.#links.set(key, link)
    return link
  }
}

function forgetOldest(links: Map<string, unknown>): void {
  const [oldest] = links.keys()
  if (links.size >= LINKS_MAX && oldest !== undefined) links.delete(oldest)
}

/** The mean of the first samples, and later a moving average. */
function smooth(before: number | undefined, sample: number, count: number): number {
  return before === undefined ? sample : before + Math.max(ALPHA, 1 / count) * (sample - before)
}
