/**
 * The walk over a mesh of a million domains, on one core, in a process of its own.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
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
    const reports = await walked(signal)
    for (const { walkMs, memoryBytes } of reports) {
      say(`walked in ${Math.round(walkMs)} ms, with ${Math.round(memoryBytes / 1e6)} MB`)
    }
    const [first] = reports
    say(`digest ${first?.digest.slice(0, 16)}, mass ${first?.mass} of ${TRUST_LIMITS.MASS_TOTAL}`)
    const { p50 } = spread(reports.map(({ walkMs }) => walkMs))
    const memoryBytes = Math.max(...reports.map((report) => report.memoryBytes))
    const same = reports.every(
      ({ digest, mass }) => digest === first?.digest && mass === TRUST_LIMITS.MASS_TOTAL,
    )
    return {
      met: p50 <= GOAL_MS && memoryBytes <= GOAL_BYTES && same,
      figure: `${(p50 / 1_000).toFixed(2)} s, ${Math.round(memoryBytes / 1e6)} MB, ${same ? 'the same' : 'NOT the same'} ${ROUNDS} times`,
      facts: { reports },
    }
  },
}

/** Each round in a process of its own, and in one file as daemons run: TypeScript would be a fifth of the memory. */
async function walked(signal: AbortSignal): Promise<readonly WalkReport[]> {
  const dir = mkdtempSync(join(tmpdir(), 'brume-walk-'))
  try {
    const program = join(dir, 'program.mjs')
    writeFileSync(program, await bundled())
    const reports: WalkReport[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const words = [program, NODES, EDGES].map(String)
      const { stdout } = await promisify(execFile)(process.execPath, words, { signal })
      reports.push(JSON.parse(stdout) as WalkReport)
    }
    return reports
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function bundled(): Promise<string> {
  await using bundler = await rolldown({
    input: 'test/fixtures/trust-walk-program.ts',
    platform: 'node',
  })
  const { output } = await bundler.generate({ format: 'esm' })
  return output[0].code
}
