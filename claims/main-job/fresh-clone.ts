/**
 * A clean clone on a machine with nothing but an ordinary Node and npm.
 *
 * @module
 */

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import type { Claim } from '../claim.ts'

/** The environment of somebody who has just logged in: no Node of ours, no settings of npm's scripts. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const ours = resolve('node_modules')
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((dir) => !dir.startsWith(ours))
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_|BRUME_|NODE)/.test(name),
  )
  return { ...Object.fromEntries(entries), PATH: path.join(delimiter) }
}

interface Step {
  readonly ok: boolean
  readonly seconds: number
}

async function npm(args: readonly string[], cwd: string, signal: AbortSignal): Promise<Step> {
  const startMs = performance.now()
  const child = spawn('npm', args, { cwd, env: bareEnvironment(), stdio: ['ignore', 2, 2], signal })
  const code = await new Promise<number | null>((fulfil) => {
    child.once('exit', fulfil)
    child.once('error', () => fulfil(null))
  })
  return { ok: code === 0, seconds: (performance.now() - startMs) / 1_000 }
}

export const claim: Claim = {
  sentence: 'In a clean clone, with Node 20 and npm only, the demo and the tests succeed.',
  goal: 'npm run demo and npm test exit with 0',
  run: async ({ say, signal }) => {
    const dir = mkdtempSync(join(tmpdir(), 'brume-clone-'))
    try {
      execFileSync('git', ['clone', '--quiet', resolve('.'), dir])
      const version = execFileSync('node', ['--version'], { env: bareEnvironment(), cwd: dir })
      say(`node ${String(version).trim()} in a fresh clone`)
      const demo = await npm(['run', 'demo'], dir, signal)
      say(
        `npm run demo: ${demo.ok ? 'ok' : 'FAILED'} in ${demo.seconds.toFixed(0)} s, install included`,
      )
      const test = await npm(['test'], dir, signal)
      say(`npm test: ${test.ok ? 'ok' : 'FAILED'} in ${test.seconds.toFixed(0)} s`)
      return {
        met: demo.ok && test.ok,
        figure: `demo ${demo.ok ? 'ok' : 'failed'} in ${demo.seconds.toFixed(0)} s, tests ${test.ok ? 'ok' : 'failed'} in ${test.seconds.toFixed(0)} s`,
        facts: { demo, test, node: String(version).trim() },
      }
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
}
