/**
 * What one hop of a request costs beyond computing, over real daemons on loopback.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import { measureHops, perHop } from '../../benchmarks/hop-overhead.ts'
import type { Claim } from '../claim.ts'

const HOP_MS_GOAL = 0.6

export const claim: Claim = {
  sentence: 'Handing 8 KiB from one device to the next costs a request little beyond computing.',
  goal: `median overhead of a hop ≤ ${HOP_MS_GOAL} ms through 1, 2 and 3 stages on loopback`,
  run: async ({ say, signal }) => {
    const { pipelines, tcp } = await measureHops(say, signal)
    const tcpMs = spread(tcp.p50Ms).p50
    say(`plain TCP, one way: ${tcpMs.toFixed(3)} ms`)
    const hops = pipelines.map((figures) => ({ stages: figures.stages, ...perHop(figures) }))
    for (const { stages, p50, p95 } of hops) {
      const whole = (p50 * (stages + 1)).toFixed(3)
      say(`${stages} stages, ${stages + 1} hops: ${whole} ms a request beyond computing`)
      say(`  ${p50.toFixed(3)} ms a hop, p95 ${p95.toFixed(3)} ms`)
    }
    const worst = Math.max(...hops.map(({ p50 }) => p50))
    return {
      met: worst <= HOP_MS_GOAL,
      figure: `${hops.map(({ p50 }) => p50.toFixed(2)).join(', ')} ms a hop through 1, 2, 3 stages; plain TCP ${tcpMs.toFixed(3)} ms`,
      facts: { hops, tcpMs },
    }
  },
}
