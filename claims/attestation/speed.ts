/**
 * What verifying costs, for each kind of evidence, on one core.
 *
 * @module
 */

import { verifyEvidence } from '../../attestation/index.ts'
import { vectorsAtHand } from '../../test/fixtures/attestation-vectors.ts'
import type { Claim } from '../claim.ts'
import { recordedEvidence } from './recorded-evidence.ts'

const MS_GOAL = 5
const WARM_RUNS = 20
const RUNS = 100

export const claim: Claim = {
  sentence: 'Any peer can verify any evidence in passing.',
  goal: `≤ ${MS_GOAL} ms of one core each kind, warm`,
  quick: true,
  run: async ({ say }) => {
    if (!vectorsAtHand) throw new Error('needs ../shared/vectors/attestation')
    const figures = recordedEvidence().map(({ name, evidence, context }) => {
      const once = () => verifyEvidence(evidence, context)
      const coldMs = cpuMsOf(once)
      for (let run = 0; run < WARM_RUNS; run++) once()
      const all = cpuMsOf(() => {
        for (let run = 0; run < RUNS; run++) once()
      })
      const warmMs = all / RUNS
      say(`${name}: ${warmMs.toFixed(2)} ms warm, ${coldMs.toFixed(2)} ms at first`)
      return { name, warmMs, coldMs }
    })
    const worst = figures.reduce((a, b) => (b.warmMs > a.warmMs ? b : a))
    return {
      met: worst.warmMs <= MS_GOAL,
      figure: `${worst.warmMs.toFixed(2)} ms at most (${worst.name})`,
      facts: { figures },
    }
  },
}

/** Time of the processor that `work` took: others on this machine do not count. */
function cpuMsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
