/**
 * How many texts of this device each other device writes at now.
 *
 * A stage runs some texts together for little more than one costs; what comes beyond that waits in
 * turn. Then another device that may hold the stage is the better place.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import { TEXTS_TOGETHER_MAX } from '../../runtime/limits.ts'

export class TextLoad {
  readonly #texts = new Map<PeerId, number>()

  /** A text is written at `peers`, until what is returned is called. */
  add(peers: readonly PeerId[]): () => void {
    const places = new Set(peers)
    for (const peer of places) this.#texts.set(peer, this.#count(peer) + 1)
    return () => {
      for (const peer of places) {
        const left = this.#count(peer) - 1
        if (left > 0) this.#texts.set(peer, left)
        else this.#texts.delete(peer)
      }
      places.clear()
    }
  }

  /** Devices that write at as many as they run together. */
  get full(): ReadonlySet<PeerId> {
    const full = [...this.#texts].filter(([, count]) => count >= TEXTS_TOGETHER_MAX)
    return new Set(full.map(([peer]) => peer))
  }

  #count(peer: PeerId): number {
    return this.#texts.get(peer) ?? 0
  }
}
