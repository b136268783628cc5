/**
 * How far off predictions were, for each way that a model took through devices; the next one is
 * corrected by it.
 *
 * What the cost model does not know of a route, such as devices that share a processor, shows here.
 *
 * @module
 */

/** Weight of the latest run: routes change with what else their devices do. */
const ALPHA = 0.5

/** Corrections beyond this say that something was measured wrongly. */
const FACTOR_MAX = 4

/** Routes that are remembered; of more, the one that was used longest ago is forgotten. */
const ROUTES_MAX = 512

/** What is known of one route. */
export interface PastPredictions {
  /** Measured rate over the one that the cost model gives, smoothed. */
  readonly factor: number
  readonly runs: number
  /** How far off what was shown last was: above zero when it came quicker. */
  readonly errorPercent: number
}

/** One run, in steps a second. */
export interface PredictionResult {
  /** By the cost model alone. */
  readonly modelled: number
  /** What people were shown. */
  readonly shown: number
  readonly measured: number
}

export class PredictionTable {
  readonly #routes = new Map<string, PastPredictions>()

  note(route: string, { modelled, shown, measured }: PredictionResult): void {
    const factor = measured / modelled
    if (!(factor > 0) || !Number.isFinite(factor) || !(shown > 0)) return
    const bounded = Math.min(FACTOR_MAX, Math.max(1 / FACTOR_MAX, factor))
    const before = this.#routes.get(route)
    this.#routes.delete(route)
    const [oldest] = this.#routes.keys()
    if (this.#routes.size >= ROUTES_MAX && oldest !== undefined) this.#routes.delete(oldest)
    this.#routes.set(route, {
      // Geometric: twice and half as quick even out.
      factor: before === undefined ? bounded : before.factor * (bounded / before.factor) ** ALPHA,
      runs: (before?.runs ?? 0) + 1,
      errorPercent: 100 * (measured / shown - 1),
    })
  }

  of(route: string): PastPredictions | undefined {
    return this.#routes.get(route)
  }
}
