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
  /** Who would hold a stage in another numeric class only, the latest last. */
  readonly #others = new Map<number, PeerId[]>()
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

  /** `peer` computes a stage in another numeric class. */
  noteOther(stage: number, peer: PeerId): void {
    this.#others.set(stage, [...(this.#others.get(stage) ?? []), peer])
  }

  /** Who holds a stage in another numeric class rather than nobody: each is asked once. */
  takeOther(stage: number): PeerId | undefined {
    return this.#others.get(stage)?.pop()
  }

  /** The search for a successor of `stage` has an answer. */
  end(stage: number): void {
    this.#sought.delete(stage)
  }

  /** What `peer` was replaced for was not its fault: it may hold the stage like anybody else. */
  clear(stage: number, peer: PeerId): void {
    this.#holders.get(stage)?.delete(peer)
  }

  isSought(stage: number): boolean {
    return this.#sought.has(stage)
  }
}
