/**
 * Counts attempts to join, for each device and for all of them, over a fixed window.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { JOIN_ATTEMPT_WINDOW_MS, JOIN_ATTEMPTS_MAX, JOIN_ATTEMPTS_PER_PEER_MAX } from './limits.ts'

export class AttemptLimiter {
  /** Never more entries than JOIN_ATTEMPTS_MAX: one for each attempt that was allowed. */
  readonly #perPeer = new Map<PeerId, number>()
  #windowStartMs = Number.NEGATIVE_INFINITY
  #total = 0

  /** Counts one attempt by `peer`; false when it is one too many. */
  allow(peer: PeerId, nowMs: number): boolean {
    if (nowMs - this.#windowStartMs >= JOIN_ATTEMPT_WINDOW_MS) {
      this.#windowStartMs = nowMs
      this.#total = 0
      this.#perPeer.clear()
    }
    const count = this.#perPeer.get(peer) ?? 0
    if (count >= JOIN_ATTEMPTS_PER_PEER_MAX || this.#total >= JOIN_ATTEMPTS_MAX) return false
    this.#perPeer.set(peer, count + 1)
    this.#total++
    return true
  }
}
