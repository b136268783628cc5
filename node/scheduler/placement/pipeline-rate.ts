/**
 * Steps a second of a pipeline with many under way, where a stage may run several of them together.
 *
 * At a rate R a stage that was free runs one step. One that is not runs all that came meanwhile:
 * B steps in `alone + (B - 1) beside`, with R = B over that time, so that a step stays
 * `(alone - beside) / (1 - R beside)`. By Little's law (Operations Research 9, 1961) as many
 * are under way as R times the time of one through all stages and links. Where nothing is run together
 * this is the smaller of steps under way over a round trip, and one over the slowest stage.
 *
 * @module
 */

/** One stage, as those see it that wait before it. */
export interface Queue {
  /** Of a step alone, in milliseconds. */
  readonly aloneMs: number
  /** What a step adds to a run that others are in; nothing is run together where both are alike. */
  readonly besideMs: number
}

export interface Pipeline {
  /** Of one step through all stages and links, with none before it. */
  readonly latencyMs: number
  /** What a step takes at least from those behind it, in any stage or link. */
  readonly slowestMs: number
  readonly queues: readonly Queue[]
}

/** Halvings of the range in which the rate is: to a millionth. */
const HALVINGS = 40

/**
 * Steps in a millisecond.
 *
 * @example
 * ```ts
 * const queues = [{ aloneMs: 10, besideMs: 10 }]
 * pipelineRate({ latencyMs: 40, slowestMs: 10, queues }, 2) // => 0.05
 * ```
 */
export function pipelineRate(pipeline: Pipeline, inFlight: number): number {
  const { latencyMs, slowestMs, queues } = pipeline
  const highest = Math.min(1 / slowestMs, inFlight / latencyMs)
  if (inFlight <= 1 || underWay(pipeline, highest) <= inFlight) return highest
  let [low, high] = [0, Math.min(highest, ...queues.map(({ besideMs }) => 1 / besideMs))]
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2
    if (underWay(pipeline, middle) <= inFlight) low = middle
    else high = middle
  }
  return low
}

/** Steps that are under way at a rate. */
function underWay({ latencyMs, queues }: Pipeline, perMs: number): number {
  const waitMs = queues.reduce((sum, { aloneMs, besideMs }) => {
    const free = 1 - perMs * besideMs
    const stayMs = free > 0 ? (aloneMs - besideMs) / free : Number.POSITIVE_INFINITY
    return sum + Math.max(0, stayMs - aloneMs)
  }, 0)
  return perMs * (latencyMs + waitMs)
}
