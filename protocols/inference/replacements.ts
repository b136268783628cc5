/**
 * Who held which stage of a session, and for which a successor is being looked for.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'

export class Replacements {
  readonly #max: number
  readonly #holders = new Map<number, Set<PeerId>>()
  readonly #sought = new Set<number>()
  #count = 0

  /** @param max - Replacements that one session may have. */
  constructor(max: number) {
    this.#max = max
  }

  /** Looks for a successor of `peer`: who held the stage so far, the latest last; undefined when it was too often. */
  begin(stage: number, peer: PeerId): readonly PeerId[] | undefined {
    if (this.#count >= this.#max) return undefined
    this.#count++
    const holders = this.#holders.get(stage) ?? new Set()
    holders.delete(peer)
    holders.add(peer)
    this.#holders.set(stage, holders)
    this.#sought.add(stage)
    return [...holders]
  }

  /** The search for a successor of `stage` has an answer. */
  end(stage: number): void {
    this.#sought.delete(stage)
  }

  isSought(stage: number): boolean {
    return this.#sought.has(stage)
  }
}
