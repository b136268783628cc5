/**
 * What sessions have shown of the links to other devices: delay and rate, smoothed.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'

/** Weight of a new sample in the moving averages. */
const ALPHA = 0.3

/** Transfers below this size say more of the delay than of the rate. */
const RATE_BYTES_MIN = 262_144

/** What is assumed of a link that carried nothing yet: a wired home network. */
const UNKNOWN = { rttMs: 1, mbps: 1_000 }

/** Links that are remembered; of more, the one that was used longest ago is forgotten. */
const LINKS_MAX = 1_024

export interface LinkEstimate {
  readonly rttMs: number
  readonly mbps: number
}

export class LinkTable {
  readonly #links = new Map<PeerId, LinkEstimate>()

  /** A transfer to or from `peer` of `bytes` bytes that took `ms`. */
  note(peer: PeerId, bytes: number, ms: number): void {
    const before = this.#links.get(peer) ?? UNKNOWN
    const rate = bytes >= RATE_BYTES_MIN && ms > 0
    const mbps = rate ? smooth(before.mbps, (8 * bytes) / (1000 * ms)) : before.mbps
    const rttMs = rate ? before.rttMs : smooth(before.rttMs, 2 * ms)
    const [oldest] = this.#links.keys()
    this.#links.delete(peer)
    if (this.#links.size >= LINKS_MAX && oldest !== undefined) this.#links.delete(oldest)
    this.#links.set(peer, { rttMs, mbps })
  }

  estimate(peer: PeerId): LinkEstimate {
    return this.#links.get(peer) ?? UNKNOWN
  }
}

function smooth(before: number, sample: number): number {
  return before + ALPHA * (sample - before)
}
