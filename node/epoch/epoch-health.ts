/**
 * What is wrong with this device, as far as the epochs of its mesh tell: its clock, its disk, its fold.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import { EPOCH_LIMITS, type EpochErrorCode, type Standpoint } from '../../protocols/epoch/index.ts'

/** Something that its owner should look at. */
export interface EpochProblem {
  readonly code: EpochErrorCode
  readonly facts: Readonly<Record<string, number>>
}

export class EpochHealth {
  readonly #clock: Clock
  /** By how much the last two committees were ahead of the clock of this device, in ms. */
  #ahead: readonly number[] = []
  #standpoint: Standpoint | undefined
  #mismatch: number | undefined
  #elsewhere: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A committee has just decided, in its first round, on a cut of this time. */
  noteCut(cutWallMs: number): void {
    this.#ahead = [cutWallMs - this.#clock.wallMs(), ...this.#ahead].slice(0, 2)
  }

  /** What this device may do in the epoch that begins; true when it may no longer vote. */
  noteStandpoint(standpoint: Standpoint): boolean {
    const before = this.#standpoint?.type
    this.#standpoint = standpoint
    return standpoint.type === 'abstains' && before !== 'abstains'
  }

  /** The roots of an epoch that was decided are not what this device comes to; undefined when they are again. */
  noteMismatch(epoch: number | undefined): void {
    this.#mismatch = epoch
  }

  /** The founder began the mesh again, from an earlier epoch than the last one here. */
  noteElsewhere(epoch: number): void {
    this.#elsewhere = epoch
  }

  get problems(): readonly EpochProblem[] {
    const problems: EpochProblem[] = []
    const [last = 0, before = 0] = this.#ahead
    // One may have been under way while this device slept.
    if (Math.min(Math.abs(last), Math.abs(before)) > EPOCH_LIMITS.CUT_SKEW_MS_MAX) {
      problems.push({ code: 'EPOCH_TIME_INVALID', facts: { clockAheadMs: Math.round(-last) } })
    }
    if (this.#standpoint?.type === 'abstains') {
      const { code, until } = this.#standpoint
      problems.push({ code, facts: { abstainsUntilEpoch: until } })
    }
    if (this.#mismatch !== undefined) {
      problems.push({ code: 'EPOCH_FOLD_MISMATCH', facts: { epoch: this.#mismatch } })
    }
    if (this.#elsewhere !== undefined) {
      problems.push({ code: 'EPOCH_PARENT_UNKNOWN', facts: { restartedEpoch: this.#elsewhere } })
    }
    return problems
  }
}
