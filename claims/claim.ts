/**
 * What a claim is: a sentence about Brume, a goal, and the run that shows whether it holds.
 *
 * A claim does the thing for real, with processes, sockets and files, says what
 * it saw, and cleans up. One that misses its goal stays, with its true figure.
 *
 * @module
 */

export interface ClaimContext {
  /** Prints a line about what was seen. */
  readonly say: (text: string) => void
  /** Aborts when the time of the claim is over. */
  readonly signal: AbortSignal
  /** How often a claim repeats what it does, where `--count` says so. */
  readonly count?: number | undefined
}

/** What came out. */
export interface Verdict {
  readonly met: boolean
  /** The figure, with its unit, in a few words. */
  readonly figure: string
  /** More figures, for programs. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** One claim; each module under claims/<topic>/ exports one as `claim`. */
export interface Claim {
  /** What Brume promises, as one sentence. */
  readonly sentence: string
  /** What the figure must be. */
  readonly goal: string
  /** Takes a few seconds only. */
  readonly quick?: boolean
  /** May take longer than the ten minutes that all others must stay within. */
  readonly soak?: boolean
  run(context: ClaimContext): Promise<Verdict>
}
