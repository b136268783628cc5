/**
 * What a benchmark is: one question, and the run that answers it with figures side by side.
 *
 * @module
 */

/** One row of the answer: what was measured, and its figures by their name and unit. */
export interface Row {
  readonly name: string
  readonly figures: Readonly<Record<string, number | string>>
}

export interface BenchmarkContext {
  /** Prints a line on what is going on. */
  readonly say: (text: string) => void
  /** Aborts when the time of the benchmark is over. */
  readonly signal: AbortSignal
}

/** One benchmark; each module of this folder but the runner's exports one as `benchmark`. */
export interface Benchmark {
  readonly question: string
  run(context: BenchmarkContext): Promise<readonly Row[]>
}

/** Median, and the values that nine in ten are above and below, of at least one value. */
export function spread(values: readonly number[]): {
  readonly p10: number
  readonly p50: number
  readonly p90: number
} {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) }
}
