/**
 * Plans beside the best that there is, and beside sharing out evenly.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import { comparePlans } from '../../benchmarks/placement.ts'
import type { Claim } from '../claim.ts'

/** Up to so many devices the search promises the optimum. */
const EXACT_DEVICES = 6
/** How much worse than the optimum a plan for more devices may be. */
const BEYOND_SHARE_MAX = 0.05

export const claim: Claim = {
  sentence: 'The plan for a model is the best there is, and better than cutting it evenly.',
  goal: `the optimum on up to ${EXACT_DEVICES} devices, within ${100 * BEYOND_SHARE_MAX} % beyond, median ahead of an even split`,
  run: async ({ say, signal }) => {
    const outcomes = comparePlans(say, signal)
    const isBest = (ratio: number): boolean => ratio < 1 + 1e-9
    const few = outcomes.filter(({ devices }) => devices <= EXACT_DEVICES)
    const missed = few.filter(({ toOptimum }) => !isBest(toOptimum)).length
    const found = outcomes.filter(({ toOptimum }) => isBest(toOptimum)).length
    const worst = Math.max(...outcomes.map(({ toOptimum }) => toOptimum))
    const even = outcomes.flatMap(({ evenToPlan }) => evenToPlan ?? [])
    const ahead = spread(even).p50
    say(`an even split does not fit on ${outcomes.length - even.length} of the sets`)
    return {
      met: missed === 0 && worst <= 1 + BEYOND_SHARE_MAX && ahead > 1,
      figure: `optimum on ${found} of ${outcomes.length} sets, at worst ${worst.toFixed(3)} of it; an even split costs ${ahead.toFixed(2)} times the plan`,
      facts: { sets: outcomes.length, found, missed, worst, evenToPlan: spread(even) },
    }
  },
}
