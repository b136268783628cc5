/**
 * Runs benchmarks: `npm run bench -- NAME …`, `--list`, `--json`.
 *
 * Prints the machine first: a figure without it says nothing.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { endStartedAtExit } from '../test/fixtures/started-processes.ts'
import type { Benchmark, Row } from './benchmark.ts'

/** Time of one benchmark, in ms. */
const BENCHMARK_MS_MAX = 600_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const interruption = endStartedAtExit()
const found = await findBenchmarks()
const chosen = found.filter(({ name }) => positionals.length === 0 || positionals.includes(name))

if (values.list) {
  for (const { name, benchmark } of chosen) console.log(`${name}\n  ${benchmark.question}`)
} else if (positionals.length === 0 || chosen.length === 0) {
  console.error('usage: npm run bench -- NAME … [--json] | --list; there are:')
  for (const { name } of found) console.error(`  ${name}`)
  process.exitCode = 2
} else {
  for (const { name, benchmark } of chosen) await run(name, benchmark)
}

async function findBenchmarks(): Promise<
  readonly { readonly name: string; readonly benchmark: Benchmark }[]
> {
  const modules = await Promise.all(
    globSync('benchmarks/*.ts', { exclude: ['benchmarks/run.ts', '**/*.test.ts'] })
      .toSorted()
      .map(async (path) => {
        const exported = (await import(pathToFileURL(resolve(path)).href)) as {
          benchmark?: Benchmark
        }
        const { benchmark } = exported
        return benchmark === undefined ? [] : [{ name: basename(path, '.ts'), benchmark }]
      }),
  )
  return modules.flat()
}

async function run(name: string, benchmark: Benchmark): Promise<void> {
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    commit: commit(),
  }
  const say = values.json ? console.error : console.log
  say(`${name}: ${benchmark.question}`)
  say(`  ${machine.processor}, ${machine.cores} cores, node ${machine.node}, ${machine.commit}`)
  const signal = AbortSignal.any([AbortSignal.timeout(BENCHMARK_MS_MAX), interruption])
  const rows = await benchmark.run({ say: (text) => say(`  ${text}`), signal })
  if (values.json) console.log(JSON.stringify({ name, machine, rows }))
  else for (const row of rows) console.log(`  ${lineOf(row)}`)
}

function lineOf({ name, figures }: Row): string {
  const cells = Object.entries(figures).map(([unit, value]) => `${unit} ${rounded(value)}`)
  return `${name.padEnd(40)} ${cells.join('  ')}`
}

function rounded(value: number | string): string {
  return typeof value === 'string' ? value : String(Number(value.toPrecision(4)))
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    // A source tree without git has no commit to name.
    return 'no commit'
  }
}
