/**
 * Who is told what was decided, when it still votes: not more often than things are repeated anyway.
 *
 * @module
 */

import { RecentCache } from '../../core/recent-cache.ts'

export class LateAnswers {
  readonly #everyMs: number
  readonly #toldAtMs: RecentCache<string, number>

  /** @param countMax - How many are remembered, at least one. */
  constructor(everyMs: number, countMax: number) {
    this.#everyMs = everyMs
    this.#toldAtMs = new RecentCache(countMax)
  }

  /** True when `who` is to be told now. */
  isDue(who: string, nowMs: number): boolean {
    const lastMs = this.#toldAtMs.get(who)
    if (lastMs !== undefined && nowMs - lastMs < this.#everyMs) return false
    this.#toldAtMs.set(who, nowMs)
    return true
  }
}
