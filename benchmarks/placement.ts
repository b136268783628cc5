/**
 * How good are plans, and what does finding them cost?
 *
 * @module
 */

import { bruteForce, evenSplit } from '../node/scheduler/placement/brute-force.ts'
import { searchChains } from '../node/scheduler/placement/chain-search.ts'
import { CostModel } from '../node/scheduler/placement/cost-model.ts'
import { STAGES_MAX } from '../node/scheduler/placement/plan.ts'
import { randomRequest } from '../node/scheduler/placement/placement-fixture.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

/** Random device sets in all, evenly over sets of 2 to 7 devices: the last ones go to the beam. */
const SETS = 200
const DEVICES_MIN = 2
const DEVICES_MAX = 7

/** Few enough that every way to cut them can be tried. */
const LAYERS = 8

/** A model of this many layers is solved as well, for its time only. */
const LAYERS_MANY = 300

/** How the plan for one random set of devices compares. */
export interface Outcome {
  readonly devices: number
  /** Score of the plan over the lowest one that there is; at least 1. */
  readonly toOptimum: number
  /** Score of an even split over all devices, over that of the plan; undefined where it does not fit. */
  readonly evenToPlan: number | undefined
  readonly solveMs: number
  readonly forceMs: number
}

export const benchmark: Benchmark = {
  question: 'how do plans compare with trying every pipeline and with an even split?',
  async run({ say, signal }): Promise<readonly Row[]> {
    const outcomes = comparePlans(say, signal)
    const counts = Array.from(
      { length: DEVICES_MAX - DEVICES_MIN + 1 },
      (_, index) => DEVICES_MIN + index,
    )
    return [
      ...counts.map((count) =>
        rowOf(
          `${count} devices`,
          outcomes.filter(({ devices }) => devices === count),
        ),
      ),
      rowOf('all', outcomes),
      ...[6, 40].map(manyLayers),
    ]
  },
}

/** Plans for all random device sets on which the model fits. */
export function comparePlans(say: (text: string) => void, signal: AbortSignal): readonly Outcome[] {
  const outcomes: Outcome[] = []
  for (let seed = 0; seed < SETS; seed++) {
    signal.throwIfAborted()
    const outcome = compare(seed)
    if (outcome !== undefined) outcomes.push(outcome)
  }
  say(`${SETS} random device sets, on ${SETS - outcomes.length} of them the model does not fit`)
  return outcomes
}

function compare(seed: number): Outcome | undefined {
  const devices = DEVICES_MIN + (seed % (DEVICES_MAX - DEVICES_MIN + 1))
  const cost = new CostModel(randomRequest(seed, { devices, layers: LAYERS }))
  const { candidates } = cost.request
  const solve = timed(() => searchChains(cost, { candidates, stagesMin: 1, stagesMax: STAGES_MAX }))
  const force = timed(() => bruteForce(cost, candidates))
  const score = solve.value.best[0]?.score
  if (score === undefined) return undefined
  const even = evenSplit(cost, candidates)
  const fits = even.every(
    ({ candidate, fromLayer, toLayer }) =>
      cost.memoryBytes(fromLayer, toLayer) <= candidate.memoryBytes,
  )
  return {
    devices,
    toOptimum: score / force.value.score,
    evenToPlan: fits ? cost.chain(even).score / score : undefined,
    solveMs: solve.ms,
    forceMs: force.ms,
  }
}

function rowOf(name: string, outcomes: readonly Outcome[]): Row {
  const toOptimum = outcomes.map((outcome) => outcome.toOptimum)
  const even = outcomes.flatMap(({ evenToPlan }) => (evenToPlan === undefined ? [] : [evenToPlan]))
  return {
    name,
    figures: {
      sets: outcomes.length,
      'optimum found %':
        (100 * toOptimum.filter((ratio) => ratio < 1 + 1e-9).length) / outcomes.length,
      'worst / optimum': Math.max(...toOptimum),
      'even split / plan p50': spread(even).p50,
      'even split / plan p90': spread(even).p90,
      'even split does not fit %': 100 * (1 - even.length / outcomes.length),
      'solve ms p50': spread(outcomes.map(({ solveMs }) => solveMs)).p50,
      'try all ms p50': spread(outcomes.map(({ forceMs }) => forceMs)).p50,
    },
  }
}

function manyLayers(devices: number): Row {
  const times = Array.from({ length: 10 }, (_, seed) => {
    const cost = new CostModel(randomRequest(seed, { devices, layers: LAYERS_MANY }))
    const { candidates } = cost.request
    return timed(() => searchChains(cost, { candidates, stagesMin: 1, stagesMax: STAGES_MAX })).ms
  })
  const { p50, p90 } = spread(times)
  return {
    name: `${devices} devices, ${LAYERS_MANY} layers`,
    figures: { 'solve ms p50': p50, 'solve ms p90': p90 },
  }
}

function timed<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const startedMs = performance.now()
  const value = work()
  return { value, ms: performance.now() - startedMs }
}
