/**
 * More requests a second from two devices that hold half a model each than from one with all of it.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import { measureThroughput } from '../../benchmarks/pipeline-throughput.ts'
import type { Claim } from '../claim.ts'

const RATIO_GOAL = 1.5

export const claim: Claim = {
  sentence: 'A model in two stages on two cores serves more than the whole of it on one.',
  goal: `≥ ${RATIO_GOAL} times the requests a second, 8 in flight`,
  run: async ({ say, signal }) => {
    const figures = await measureThroughput(say, signal)
    const [whole = Number.NaN, split = Number.NaN] = figures.map(
      ({ perSecond }) => spread(perSecond).p50,
    )
    for (const { stages, perSecond } of figures) {
      say(`${stages} stages: ${perSecond.map((rate) => rate.toFixed(1)).join(', ')} requests/s`)
    }
    const ratio = split / whole
    return {
      met: ratio >= RATIO_GOAL,
      figure: `${ratio.toFixed(2)} times, ${whole.toFixed(1)} and ${split.toFixed(1)} requests/s`,
      facts: { ratio, figures },
    }
  },
}
