/**
 * How fast a record is on the disk, alone and with others.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import { measureAppends } from '../../benchmarks/ledger-append.ts'
import type { Claim } from '../claim.ts'

const SINGLE_MS_GOAL = 0.5
const GROUPED_GOAL = 15_000

export const claim: Claim = {
  sentence: 'A record is on the disk, under a signed head, about as fast as the disk syncs.',
  goal: `p50 ≤ ${SINGLE_MS_GOAL} ms alone, ≥ ${GROUPED_GOAL}/s together`,
  run: async ({ say, signal }) => {
    const figures = await measureAppends(say, signal)
    const [single, bare, grouped, bareGrouped] = [
      figures.singleMs,
      figures.bareMs,
      figures.grouped,
      figures.bareGrouped,
    ].map((values) => spread(values).p50) as [number, number, number, number]
    return {
      met: single <= SINGLE_MS_GOAL && grouped >= GROUPED_GOAL,
      figure: `${single.toFixed(2)} ms beside ${bare.toFixed(2)} ms bare, ${Math.round(grouped)}/s beside ${Math.round(bareGrouped)}/s bare`,
      facts: { single, bare, grouped, bareGrouped },
    }
  },
}
