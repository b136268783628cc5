/**
 * Every check that reads the code rather than runs it, and the documentation's examples.
 *
 * All of them run, whatever fails before: one look shows everything.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'

const CHECKS: readonly (readonly [title: string, command: string, ...arguments_: string[]])[] = [
  ['types', 'tsc'],
  ['lint', 'oxlint'],
  ['format', 'oxfmt', '--check'],
  ['imports', 'node', 'scripts/check-imports.ts'],
  ['dead code', 'knip'],
  ['text and examples', 'vitest', 'run', 'test/tidy', 'test/doc-examples', 'test/error-catalogue'],
]

const failed: string[] = []
for (const [title, command, ...rest] of CHECKS) {
  const startMs = Date.now()
  const { status } = spawnSync(command, rest, { stdio: 'inherit', shell: false })
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1)
  process.stdout.write(`${title}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`)
  if (status !== 0) failed.push(title)
}

if (failed.length > 0) {
  process.stdout.write(`failed: ${failed.join(', ')}\n`)
  process.exitCode = 1
}
