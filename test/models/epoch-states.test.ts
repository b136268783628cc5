/**
 * Every reachable state of a small epoch, by SPIN: three honest seats, a liar, three rounds.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const MODEL = resolve('test/models/epoch.pml')
const missing = ['spin', 'gcc'].filter(
  (command) => spawnSync('which', [command], { stdio: 'ignore' }).status !== 0,
)
// Part of the name, so that whoever reads which tests were skipped knows what to install.
const note = missing.length > 0 ? ` (needs ${missing.join(' and ')}: apt-get install spin gcc)` : ''

describe.skipIf(missing.length > 0)(`every state of an epoch${note}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'brume-spin-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  /** What the verifier says of the model. */
  function verified(...flags: readonly string[]): string {
    const run = (command: string, ...words: readonly string[]): string => {
      const { status, stdout, stderr } = spawnSync(command, words, {
        cwd: folder,
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`${command} exits with ${status}: ${stderr}`)
      return stdout
    }
    run('spin', ...flags, '-a', MODEL)
    run('gcc', '-O2', '-DSAFETY', '-o', 'pan', 'pan.c')
    return run(join(folder, 'pan'), '-m100000')
  }

  it('agrees', { timeout: 120_000 }, () => {
    const report = verified()
    expect(report).toContain('errors: 0')
    expect(Number(/(\d+) states, stored/.exec(report)?.[1])).toBeGreaterThan(5_000_000)
    expect(report).not.toContain('Search not completed')
  })

  it('does not agree without the lock rule', { timeout: 60_000 }, () => {
    expect(verified('-DFORGETFUL')).toContain('errors: 1')
  })
})
