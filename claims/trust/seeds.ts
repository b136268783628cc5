/**
 * More than ten thousand committees in any weather and with any liars, each from a seed of its own.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import type { Claim, ClaimContext } from '../claim.ts'

/** Seeds by scenario, of committees of 4 to 16: most where most can go wrong. */
const SEEDS: Readonly<Record<string, number>> = {
  'epochs-with-liars': 4_000,
  'epochs-under-faults': 3_000,
  'epochs-with-lost-disks': 2_000,
  'epochs-in-bytes': 500,
  'epochs-of-the-eclipsed': 500,
}
/** Beside them: meshes of one to three, and more liars than a committee bears, who may stop it but not go unnamed. */
const OTHER_SEEDS: Readonly<Record<string, number>> = {
  'epochs-of-owners': 500,
  'epochs-beyond-a-third': 1_000,
}
/** And whole devices with ledgers, and work that is audited. */
const LEDGER_SEEDS: Readonly<Record<string, number>> = {
  'ledgers-that-crash': 150,
  'ledgers-with-lost-disks': 150,
  'ledgers-with-liars': 150,
  'audits-with-liars': 300,
}
/** The slowest first, so that all cores end at about the same time. */
const ALL_SEEDS = { ...LEDGER_SEEDS, ...SEEDS, ...OTHER_SEEDS }
/** Runs of one process: small enough that all cores end at about the same time. */
const SEEDS_AT_ONCE = 250
const OUTPUT_BYTES_MAX = 64 * 2 ** 20

interface Part {
  readonly scenario: string
  readonly first: number
  readonly count: number
}

interface Summary {
  readonly failed: readonly number[]
  readonly events: number
}

export const claim: Claim = {
  sentence:
    'No committee of honest and lying seats, and no mesh with ledgers, breaks an invariant in any weather.',
  goal: `${sum(Object.values(SEEDS))} seeds of 4 to 16 seats, ${sum(Object.values(OTHER_SEEDS))} others and ${sum(Object.values(LEDGER_SEEDS))} with ledgers and audits, none of which fails`,
  run: async (context) => {
    const parts = Object.entries(ALL_SEEDS).flatMap(([scenario, seeds]) => partsOf(scenario, seeds))
    const left = [...parts]
    const summaries: (Summary & Part)[] = []
    const work = async (): Promise<void> => {
      for (let part = left.shift(); part !== undefined; part = left.shift()) {
        summaries.push({ ...part, ...(await summaryOf(part, context)) })
      }
    }
    await Promise.all(Array.from({ length: availableParallelism() }, work))
    for (const scenario of Object.keys(ALL_SEEDS)) {
      const own = summaries.filter((summary) => summary.scenario === scenario)
      const failed = own.flatMap((summary) => summary.failed)
      context.say(
        `${scenario}: ${sum(own.map(({ count }) => count))} seeds, ${failed.length} failed`,
      )
      for (const seed of failed.slice(0, 5)) {
        context.say(`  npm run sim -- --scenario ${scenario} --seed ${seed} --story`)
      }
    }
    const failures = sum(summaries.map(({ failed }) => failed.length))
    const seeds = sum(summaries.map(({ count }) => count))
    const events = sum(summaries.map((summary) => summary.events))
    return {
      met: failures === 0,
      figure: `${seeds} seeds, ${failures} failed, ${(events / 1e6).toFixed(1)} M events`,
      facts: { seeds, failures, events },
    }
  },
}

function partsOf(scenario: string, seeds: number): readonly Part[] {
  return Array.from({ length: Math.ceil(seeds / SEEDS_AT_ONCE) }, (_, at) => {
    const first = 1 + at * SEEDS_AT_ONCE
    return { scenario, first, count: Math.min(SEEDS_AT_ONCE, 1 + seeds - first) }
  })
}

async function summaryOf(part: Part, { signal }: ClaimContext): Promise<Summary> {
  const { scenario, first, count } = part
  const words = ['--scenario', scenario, '--seed', `${first}`, '--seeds', `${count}`, '--json']
  const run = promisify(execFile)(process.execPath, ['simulations/main.ts', ...words], {
    signal,
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  // It exits with 1 when a seed fails, and has said which.
  const { stdout } = await run.catch((error: unknown) => error as { readonly stdout: string })
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  return JSON.parse(last) as Summary
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
