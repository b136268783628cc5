/**
 * The walk over a mesh of a million domains, on one core, in a process of its own.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { spread } from '../../benchmarks/benchmark.ts'
import type { WalkReport } from '../../test/fixtures/trust-walk-program.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import type { Claim } from '../claim.ts'

const NODES = 1_000_000
const EDGES = 20_000_000
const ROUNDS = 3
const GOAL_MS = 3_000
const GOAL_BYTES = 300e6

export const claim: Claim = {
  sentence: 'Trust spreads over a million domains in seconds, and comes out the same every time.',
  goal: `1 M domains, 20 M edges in ≤ ${GOAL_MS / 1_000} s and ≤ ${GOAL_BYTES / 1e6} MB`,
  run: async ({ say, signal }) => {
    const program = ['test/fixtures/trust-walk-program.ts', NODES, EDGES, ROUNDS].map(String)
    const { stdout } = await promisify(execFile)(process.execPath, program, { signal })
    const { walkMs, memoryBytes, digests, mass } = JSON.parse(stdout) as WalkReport
    for (const ms of walkMs) say(`walked in ${Math.round(ms)} ms`)
    say(`digest ${digests[0]?.slice(0, 16)}, mass ${mass} of ${TRUST_LIMITS.MASS_TOTAL}`)
    const { p50 } = spread(walkMs)
    const same = new Set(digests).size === 1 && mass === TRUST_LIMITS.MASS_TOTAL
    return {
      met: p50 <= GOAL_MS && memoryBytes <= GOAL_BYTES && same,
      figure: `${(p50 / 1_000).toFixed(2)} s, ${Math.round(memoryBytes / 1e6)} MB, ${same ? 'the same' : 'NOT the same'} ${ROUNDS} times`,
      facts: { walkMs, memoryBytes, digest: digests[0] },
    }
  },
}
