/**
 * How much a device may ask: enough to catch up after months, and a steady trickle.
 *
 * An answer may take a look at all that is held, or a megabyte from the disk.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { RecentCache } from '../../core/recent-cache.ts'

/** Questions at once, and how many more each second. */
export const QUESTIONS_MAX = 512
const QUESTIONS_PER_S = 32
/** Devices whose questions are counted; of members, who alone may ask. */
const DEVICES_MAX = 4_096

interface Left {
  readonly questions: number
  readonly atMs: number
}

export class QuestionBudget {
  readonly #nowMs: () => number
  readonly #left = new RecentCache<PeerId, Left>(DEVICES_MAX)

  /** @param nowMs - The monotonic clock. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** True when a device may ask one more question now. */
  take(device: PeerId): boolean {
    const atMs = this.#nowMs()
    const before = this.#left.get(device) ?? { questions: QUESTIONS_MAX, atMs }
    const earned = ((atMs - before.atMs) * QUESTIONS_PER_S) / 1_000
    const questions = Math.min(QUESTIONS_MAX, before.questions + earned)
    const may = questions >= 1
    this.#left.set(device, { questions: may ? questions - 1 : questions, atMs })
    return may
  }
}
