/**
 * Devices that have a stage of a text loaded beside the one that holds it: when that is lost, nobody
 * waits for a model to load.
 *
 * It costs memory and a load, so it is done where the holder is likely to go before the text is over,
 * or where it was asked for. What is likely changes while a long text is written, so it is looked at
 * again and again.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'

/** When a device is to stand by for a stage. */
export type StandbyWish = 'auto' | 'always' | 'off'

export interface StandbysComponents {
  /** Who could take `stage` beside its holder; undefined for nobody. Never rejects. */
  find(stage: number, holder: PeerId): Promise<PeerId | undefined>
  /** Opens the stage there. */
  open(stage: number, peer: PeerId): void
  /** How likely a device is gone in so long, in [0, 1]. */
  leaveChance(peer: PeerId, durationMs: number): number
  /** How long the rest of the text may take. */
  remainingMs(): number
}

/** Devices that are asked one after the other to stand by for one stage. */
const TRIES_MAX = 3

/** From this chance on that the holder goes before the text is over. */
const CHANCE_MIN = 0.25

/** Between two looks at all stages. */
const LOOK_MS = 10_000

export class Standbys {
  readonly #components: StandbysComponents
  readonly #wish: StandbyWish
  readonly #tries = new Map<number, number>()
  /** Stages for which somebody is sought, loads or stands by. */
  readonly #covered = new Set<number>()
  #lookedMs = -Infinity

  constructor(components: StandbysComponents, wish: StandbyWish) {
    this.#components = components
    this.#wish = wish
  }

  /** Looks at all stages, of which `holders` says who has them, unless it was done a moment ago. */
  look(holders: () => readonly PeerId[], nowMs: number): void {
    if (nowMs - this.#lookedMs < LOOK_MS) return
    this.#lookedMs = nowMs
    for (const [stage, holder] of holders().entries()) void this.seek(stage, holder)
  }

  /** Who stood by for `stage` does so no more: it holds it now, or is gone. */
  gone(stage: number): void {
    this.#covered.delete(stage)
  }

  /** Has somebody stand by for `stage`, which `holder` holds, if need be. */
  async seek(stage: number, holder: PeerId): Promise<void> {
    if (this.#covered.has(stage) || !this.#isWanted(holder)) return
    const tries = this.#tries.get(stage) ?? 0
    if (tries >= TRIES_MAX) return
    this.#covered.add(stage)
    const peer = await this.#components.find(stage, holder)
    if (peer === undefined) {
      this.#covered.delete(stage)
      return
    }
    this.#tries.set(stage, tries + 1)
    this.#components.open(stage, peer)
  }

  #isWanted(holder: PeerId): boolean {
    if (this.#wish !== 'auto') return this.#wish === 'always'
    const components = this.#components
    return components.leaveChance(holder, components.remainingMs()) >= CHANCE_MIN
  }
}
