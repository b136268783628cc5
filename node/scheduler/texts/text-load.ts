/**
 * How many texts each other device writes at now: those of this device, and many of others by its word.
 *
 * A stage runs some texts together for little more than one costs; what comes beyond that waits in
 * turn. Then another device that may hold the stage is the better place.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import { TEXTS_TOGETHER_MAX } from '../../runtime/limits.ts'

/** Time in which a device that a text has left may still say that it runs it: longer than its heartbeat. */
const SAYS_SO_MS = 30_000

export class TextLoad {
  readonly #nowMs: () => number
  readonly #texts = new Map<PeerId, number>()
  /** When the last text left a device. */
  readonly #leftMs = new Map<PeerId, number>()

  /** @param nowMs - Monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** A text is written at `peers`, until what is returned is called. */
  add(peers: readonly PeerId[]): () => void {
    const places = new Set(peers)
    for (const peer of places) this.#texts.set(peer, this.#count(peer) + 1)
    return () => {
      for (const peer of places) {
        const left = this.#count(peer) - 1
        if (left > 0) this.#texts.set(peer, left)
        else this.#texts.delete(peer)
        this.#leftMs.set(peer, this.#nowMs())
      }
      places.clear()
    }
  }

  /**
   * Devices that write at as many as they run together: of this device, or of others where none of its
   * own is among them, nor was a moment ago.
   *
   * @param busy - Those that say so.
   */
  full(busy: ReadonlySet<PeerId>): ReadonlySet<PeerId> {
    const own = [...this.#texts].filter(([, count]) => count >= TEXTS_TOGETHER_MAX)
    const others = [...busy].filter((peer) => !this.#texts.has(peer) && !this.#hasJustLeft(peer))
    return new Set([...own.map(([peer]) => peer), ...others])
  }

  #hasJustLeft(peer: PeerId): boolean {
    const leftMs = this.#leftMs.get(peer)
    if (leftMs === undefined) return false
    const isRecent = this.#nowMs() - leftMs < SAYS_SO_MS
    if (!isRecent) this.#leftMs.delete(peer)
    return isRecent
  }

  #count(peer: PeerId): number {
    return this.#texts.get(peer) ?? 0
  }
}
