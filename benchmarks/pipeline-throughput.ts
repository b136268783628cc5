/**
 * How many more requests a second do two devices serve than one, when each holds half the model?
 *
 * @module
 */

import type { JobView } from '../node/api/schemas/jobs.ts'
import { DaemonFleet } from '../test/fixtures/daemons.ts'
import { Pipeline } from '../test/fixtures/pipeline.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

const IN_FLIGHT = 8
const REQUESTS = 120
const ROUNDS = 5
/** Rounds before that, in which the planner learns how fast the devices are, and where to cut. */
const WARM_UP_ROUNDS = 4

/**
 * Eight equal products of matrices between two small ones, 0.6 GFLOP in all: a cut into equal
 * halves with 96 KiB at it, and an input and output of 16 KiB.
 */
const SHAPE = { rows: 16, width: 1536, layers: 10, ends: 256 }

/** Requests per second of each round, and what each stage computed for one, in milliseconds. */
export interface ThroughputFigures {
  readonly stages: number
  readonly perSecond: readonly number[]
  readonly computeMs: readonly (readonly number[])[]
}

export const benchmark: Benchmark = {
  question: `how many requests a second do 2 stages serve beside 1, ${IN_FLIGHT} in flight on 2 cores?`,
  async run({ say, signal }): Promise<readonly Row[]> {
    const figures = await measureThroughput(say, signal)
    const whole = spread(figures[0]?.perSecond ?? []).p50
    return figures.map(({ stages, perSecond, computeMs }) => ({
      name: stages === 1 ? 'whole on one device' : `${stages} stages on ${stages} devices`,
      figures: {
        'requests/s': spread(perSecond).p50,
        rounds: `${Math.min(...perSecond).toFixed(1)}–${Math.max(...perSecond).toFixed(1)}`,
        'of whole': spread(perSecond).p50 / whole,
        'compute ms': computeMs.map((values) => spread(values).p50.toFixed(1)).join(' + '),
      },
    }))
  },
}

/** Measures the whole model on one device and its halves on two, in turn. */
export async function measureThroughput(
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<readonly ThroughputFigures[]> {
  await using fleet = new DaemonFleet()
  const pipeline = await Pipeline.start(fleet, { workers: 2, inFlight: IN_FLIGHT, shape: SHAPE })
  say(
    `${REQUESTS} requests, ${pipeline.cutBytes} bytes at the cut, ${IN_FLIGHT} in flight, ${ROUNDS} rounds`,
  )
  const counts = [1, 2]
  const jobs: JobView[][] = counts.map(() => [])
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [at, stages] of counts.entries()) {
      signal.throwIfAborted()
      const job = await pipeline.run(stages, REQUESTS)
      if (round >= 0) jobs[at]?.push(job)
    }
  }
  return jobs.map((rounds, at) => ({
    stages: counts[at] ?? 0,
    perSecond: rounds.map(({ measuredPerSecond }) => measuredPerSecond ?? Number.NaN),
    computeMs: Array.from({ length: counts[at] ?? 0 }, (_, stage) =>
      rounds.map(({ stages }) => stages[stage]?.computeMs ?? Number.NaN),
    ),
  }))
}
