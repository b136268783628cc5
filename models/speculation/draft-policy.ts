/**
 * How many tokens to guess at a time: as many as pay, by what passes took and how often guesses were right.
 *
 * With a chance α that a guessed token is right once those before it were, a pass over γ guesses
 * yields (1 - α^(γ+1)) / (1 - α) tokens (Leviathan, Kalman and Matias 2023, equation 1). The depth
 * is the γ with the most tokens for its time; none, where plain passes are as fast. Only speed
 * hangs on it, never a token.
 *
 * @module
 */

export interface DraftPolicyInit {
  /** The deepest guess. At least 1. */
  readonly draftMax: number
  /** The longest match that the guesses tell apart. At least 1. */
  readonly ngramMax: number
}

/** One pass, when it is done. */
export interface DraftPass {
  /** How many tokens were guessed, in [0, draftMax]. 0: a plain pass. */
  readonly drafted: number
  /** How many of them were right. */
  readonly accepted: number
  /** How long the match was that they came from; see {@link Draft}. */
  readonly matched: number
  /** From the first input to the last output, in milliseconds. */
  readonly ms: number
}

/** Share of what is new in a running mean. */
const WEIGHT = 1 / 16

/** The same for times whose last is older than {@link OLD_PASSES}: a rare trial has to count. */
const WEIGHT_OLD = 1 / 2
const OLD_PASSES = 32

/** Chance of a right guess before any was seen. */
const ACCEPTANCE_FIRST = 0.5

/** What one more row adds to a pass, in plain passes, before it was measured: a window of eight took 1.8 to 2.7. */
const ROW_COST_FIRST = 0.2

/** A guess has to be faster by this factor, so that noise does not switch it on. */
const GAIN_MIN = 1.05

/** Matches in a row that are let go before one is tried again. */
const SKIPPED_MAX = 64

/** Guesses in a row before a plain pass is timed again. */
const DRAFTED_MAX = 128

/** Passes after which what a depth took is not known any more. */
const FORGOTTEN_PASSES = 512

/** Learns from {@link DraftPolicy.observe}; a function of what was observed alone. */
export class DraftPolicy {
  readonly #draftMax: number
  /** Milliseconds by depth; undefined where it was not tried yet. */
  readonly #ms: (number | undefined)[]
  /** The number of the pass that was the last of its depth. */
  readonly #lastPass: number[]
  /** By length of the match. */
  readonly #acceptance: number[]
  #passes = 0
  #skipped = 0
  #drafted = 0

  constructor({ draftMax, ngramMax }: DraftPolicyInit) {
    this.#draftMax = draftMax
    this.#ms = Array.from({ length: draftMax + 1 }, () => undefined)
    this.#lastPass = Array.from({ length: draftMax + 1 }, () => 0)
    this.#acceptance = Array.from({ length: ngramMax + 1 }, () => ACCEPTANCE_FIRST)
  }

  /** How many tokens to guess after a match of `matched` tokens. 0: none, the next pass is a plain one. */
  depth(matched: number): number {
    if (matched === 0) return 0
    if (this.#ms[0] === undefined || this.#drafted >= DRAFTED_MAX) return 0
    const best = this.#best(this.#acceptanceOf(matched))
    if (best > 0) return best
    this.#skipped++
    return this.#skipped > SKIPPED_MAX ? 1 : 0
  }

  /** Takes in what a pass took and gave. */
  observe({ drafted, accepted, matched, ms }: DraftPass): void {
    this.#passes++
    const old = this.#passes - (this.#lastPass[drafted] ?? 0) > OLD_PASSES
    this.#ms[drafted] = mean(this.#ms[drafted], ms, old ? WEIGHT_OLD : WEIGHT)
    this.#lastPass[drafted] = this.#passes
    this.#forget()
    if (drafted === 0) {
      this.#drafted = 0
      return
    }
    this.#drafted++
    this.#skipped = 0
    const length = this.#lengthOf(matched)
    for (let guess = 0; guess < Math.min(drafted, accepted + 1); guess++) {
      this.#acceptance[length] = mean(this.#acceptance[length], guess < accepted ? 1 : 0)
    }
  }

  /** Depths that were slow once are tried again: the devices may be others by now. */
  #forget(): void {
    for (let depth = 1; depth < this.#ms.length; depth++) {
      const age = this.#passes - (this.#lastPass[depth] ?? 0)
      if (age > FORGOTTEN_PASSES) this.#ms[depth] = undefined
    }
  }

  /** Chance that a guess from a match of `matched` tokens is right, as seen so far. */
  #acceptanceOf(matched: number): number {
    return this.#acceptance[this.#lengthOf(matched)] ?? ACCEPTANCE_FIRST
  }

  #lengthOf(matched: number): number {
    return Math.min(matched, this.#acceptance.length - 1)
  }

  #best(acceptance: number): number {
    let best = 0
    let rate = GAIN_MIN / this.#msOf(0)
    let tokens = 1
    let chance = 1
    for (let depth = 1; depth <= this.#draftMax; depth++) {
      chance *= acceptance
      tokens += chance
      const deeper = tokens / this.#msOf(depth)
      if (deeper <= rate) continue
      best = depth
      rate = deeper
    }
    return best
  }

  /** What a pass of this depth takes: as measured, else on a line through its measured neighbours. */
  #msOf(depth: number): number {
    const measured = this.#ms[depth]
    if (measured !== undefined) return measured
    const plain = this.#ms[0] ?? 0
    const below = this.#ms.findLastIndex((ms, at) => at < depth && ms !== undefined)
    const above = this.#ms.findIndex((ms, at) => at > depth && ms !== undefined)
    const from = this.#ms[below] ?? plain
    if (above >= 0) {
      const to = this.#ms[above] ?? from
      return from + ((to - from) * (depth - below)) / (above - below)
    }
    const slope = below > 0 ? Math.max(0, from - plain) / below : ROW_COST_FIRST * plain
    return from + slope * (depth - below)
  }
}

function mean(before: number | undefined, value: number, weight = WEIGHT): number {
  return before === undefined ? value : before + weight * (value - before)
}
