/**
 * A question about the mesh, asked again with every seed.
 *
 * @module
 */

/** What one run of a scenario gave. */
export interface Outcome {
  /** What is wrong, as sentences; empty when every invariant holds. */
  readonly violations: readonly string[]
  /** Events that happened. */
  readonly events: number
  /** SHA-256 over all events, in hex: the same seed gives the same. */
  readonly traceHash: string
  /** Virtual time that passed, in milliseconds. */
  readonly virtualMs: number
  /** What happened, to be read when something is wrong. */
  readonly story: readonly string[]
}

/** How a scenario is run. */
export interface RunOptions {
  /** Signatures of real keys instead of their stand-in, in scenarios that can. */
  readonly ed25519?: boolean | undefined
}

/** A run that fails, with as little trouble as it takes. */
export interface SmallestFailure {
  /** What is done to whom, as JSON. */
  readonly plan: string
  readonly outcome: Outcome
}

/** One question. */
export interface Scenario {
  readonly name: string
  readonly question: string
  /** Seeds that tests run, where one takes longer than others: a handful of each is their share. */
  readonly testSeeds?: number
  /** Runs to the end in virtual time; depends on nothing but the seed. */
  run(seed: number, options?: RunOptions): Outcome | Promise<Outcome>
  /** The smallest plan by which a seed that fails still does, in scenarios that can find it; undefined for one that holds. */
  shrink?(seed: number, options?: RunOptions): Promise<SmallestFailure | undefined>
}
