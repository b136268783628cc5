/**
 * By how much the clock of this device differs from those of others, as the times of their cuts tell.
 *
 * A cut comes to be known a little after its time, never before. One proposer may lie about it, by as much as the others
 * let pass; so several are asked, and the one in the middle is believed.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'

/** A cut of another device, as it was decided in its first round. */
interface SeenCut {
  readonly by: PeerId
  /** The time of this device when it was decided, less the time of the cut. */
  readonly aheadMs: number
}

/** What an offset is held against. */
export interface ClockBounds {
  /** An offset that harms nobody. */
  readonly harmlessMs: number
  /** How long a cut may take to be decided and heard of. */
  readonly latencyMs: number
  /** An offset at which the cuts of this device are refused: two cuts in a row are enough to say so. */
  readonly refusedMs: number
  /** Devices that may have proposed beside this one. */
  readonly others: number
}

/** Cuts that are remembered, and of one proposer. */
const CUTS_MAX = 24
const CUTS_OF_ONE = 3
/** Cuts, and proposers of them, before an offset that is not huge is believed; of fewer others, all. */
const CUTS_MIN = 3
const PROPOSERS_MIN = 3

export class CutClock {
  /** The latest first. */
  #cuts: readonly SeenCut[] = []

  /** A cut of another device was decided, when it was `aheadMs` after its time by this clock. */
  note(by: PeerId, aheadMs: number): void {
    this.#cuts = [{ by, aheadMs }, ...this.#cuts].slice(0, CUTS_MAX)
  }

  /** How far this clock is ahead of those of others, in ms; undefined when it does no harm, or too few have told. */
  offMs(bounds: ClockBounds): number | undefined {
    return this.#hugeMs(bounds) ?? this.#smallMs(bounds)
  }

  #hugeMs({ refusedMs }: ClockBounds): number | undefined {
    const [last, before] = this.#cuts
    if (last === undefined || before === undefined) return undefined
    // One may have been under way while this device slept.
    const least = Math.min(Math.abs(last.aheadMs), Math.abs(before.aheadMs))
    return least > refusedMs ? last.aheadMs : undefined
  }

  #smallMs({ harmlessMs, latencyMs, others }: ClockBounds): number | undefined {
    const proposers = [...new Set(this.#cuts.map(({ by }) => by))]
    const few = proposers.length < Math.min(PROPOSERS_MIN, others)
    if (few || this.#cuts.length < CUTS_MIN) return undefined
    const told = proposers.map((by) => {
      const own = this.#cuts.filter((cut) => cut.by === by).slice(0, CUTS_OF_ONE)
      return middleOf(own.map(({ aheadMs }) => aheadMs))
    })
    const aheadMs = middleOf(told)
    // What is known late looks like a clock that is ahead; what is known too early, like nothing else than one behind.
    return aheadMs < -harmlessMs || aheadMs > harmlessMs + latencyMs ? aheadMs : undefined
  }
}

/** The one in the middle; of two, the one nearer to none. */
function middleOf(values: readonly number[]): number {
  const rising = values.toSorted((a, b) => a - b)
  const [low, high] = [(rising.length - 1) >> 1, rising.length >> 1].map((at) => rising[at] ?? 0)
  return Math.abs(low ?? 0) < Math.abs(high ?? 0) ? (low ?? 0) : (high ?? 0)
}
