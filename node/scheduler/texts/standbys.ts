/**
 * Devices that have a stage of a text loaded beside the one that holds it: when that is lost, nobody
 * waits for a model to load.
 *
 * It costs memory and a load, so it is done where the holder promises less time than the text may
 * take, or where it was asked for.
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
  /** The longest lease that a device says it would grant now, in ms; undefined where it says nothing. */
  leaseMs(peer: PeerId): number | undefined
}

/** Devices that are asked one after the other to stand by for one stage. */
const TRIES_MAX = 3

export class Standbys {
  readonly #components: StandbysComponents
  readonly #wish: StandbyWish
  /** How long the text may take. */
  readonly #neededMs: number
  readonly #tries = new Map<number, number>()

  constructor(components: StandbysComponents, wish: StandbyWish, neededMs: number) {
    this.#components = components
    this.#wish = wish
    this.#neededMs = neededMs
  }

  /** `stage` is held by `holder` from now on, or who stood by for it does so no more. */
  async seek(stage: number, holder: PeerId): Promise<void> {
    if (!this.#isWanted(holder)) return
    const tries = this.#tries.get(stage) ?? 0
    if (tries >= TRIES_MAX) return
    this.#tries.set(stage, tries + 1)
    const peer = await this.#components.find(stage, holder)
    if (peer !== undefined) this.#components.open(stage, peer)
  }

  #isWanted(holder: PeerId): boolean {
    if (this.#wish !== 'auto') return this.#wish === 'always'
    const leaseMs = this.#components.leaseMs(holder)
    return leaseMs !== undefined && leaseMs < this.#neededMs
  }
}
