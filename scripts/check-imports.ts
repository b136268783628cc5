/**
 * Checks the arrows between rooms with dependency-cruiser, and that it saw any module at all.
 *
 * Without a parser that it knows, dependency-cruiser looks at nothing and reports
 * success: the count is therefore compared with the files on disk.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

/** The part of dependency-cruiser's JSON report that is read here. */
interface Report {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly {
      readonly rule: { readonly name: string; readonly severity: string }
      readonly from: string
      readonly to: string
      readonly cycle?: readonly { readonly name: string }[]
    }[]
  }
}

const PURE = 'core config protocols ledger models attestation'.split(' ')
const REST = 'node simulations claims benchmarks examples test scripts'.split(' ')

const filesOf = (room: string): number =>
  globSync(`${room}/**/*.ts`, { exclude: ['**/node_modules/**'] }).length
const present = [...PURE, ...REST].filter((room) => filesOf(room) > 0)
const files = present.reduce((sum, room) => sum + filesOf(room), 0)
const { stdout, stderr } = spawnSync('depcruise', ['--output-type', 'json', ...present], {
  encoding: 'utf8',
  maxBuffer: 1 << 28,
})
if (stdout === '') throw new Error(`dependency-cruiser printed nothing: ${stderr}`)
const { summary } = JSON.parse(stdout) as Report

for (const { rule, from, to, cycle } of summary.violations) {
  const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' → ')
  process.stdout.write(`${rule.severity} ${rule.name}: ${from} → ${path}\n`)
}
const errors = summary.violations.filter(({ rule }) => rule.severity === 'error').length
process.stdout.write(`${summary.totalCruised} modules, ${files} of them ours, ${errors} errors\n`)
if (errors > 0 || files === 0 || summary.totalCruised < files) process.exitCode = 1
