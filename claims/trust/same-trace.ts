/**
 * The same seed on two versions of Node, twice on each: the same events at the same times?
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SimulatorReport } from '../../test/fixtures/simulator-program.ts'
import type { Claim, ClaimContext } from '../claim.ts'

const exec = promisify(execFile)

/** One of each kind of world, and seeds with every fault. */
const RUNS = [
  ['sessions-under-kills', 3],
  ['blocks-with-liars', 5],
  ['texts-in-trouble', 3],
  ['presence-comes-true', 2],
  ['epochs-with-liars', 7],
  ['epochs-in-bytes', 4],
  ['ledgers-with-liars', 3],
  ['seats-that-leave', 3],
  ['trust-under-swarms', 1],
  ['campus-day', 1],
  ['flood', 1],
] as const

/** Where the newest Node is kept, outside of the repository. */
const CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'brume',
  'newest-node',
)

/** The newest Node of the registry; undefined where there is none to be had. */
async function newestNode({ say, signal }: ClaimContext): Promise<string | undefined> {
  mkdirSync(CACHE, { recursive: true })
  const words = ['install', '--prefix', CACHE, '--no-save', '--no-audit', '--no-fund']
  const program = join(CACHE, 'node_modules', 'node', 'bin', 'node')
  try {
    await exec('npm', [...words, '--foreground-scripts', 'node@latest'], { signal })
  } catch (error) {
    signal.throwIfAborted()
    say(`no newer Node could be fetched: ${String(error).split('\n')[0]}`)
  }
  return existsSync(program) ? program : undefined
}

export const claim: Claim = {
  sentence: 'The same seed does the same again, on this Node and on the newest one.',
  goal: 'the same trace hash of each seed, twice on Node 24 and twice on the newest Node',
  run: async (context) => {
    const { say, signal } = context
    const newest = await newestNode(context)
    const nodes = [process.execPath, ...(newest === undefined ? [] : [newest])]
    const versions = await Promise.all(
      nodes.map(async (node) => (await exec(node, ['--version'])).stdout.trim()),
    )
    let same = 0
    for (const [name, seed] of RUNS) {
      const hashes: string[] = []
      for (const node of [...nodes, ...nodes]) {
        const words = ['test/fixtures/simulator-program.ts', name, String(seed)]
        const { stdout } = await exec(node, words, { signal })
        hashes.push((JSON.parse(stdout) as SimulatorReport).traceHash)
      }
      const equal = new Set(hashes).size === 1
      if (equal) same++
      say(`${name}, seed ${seed}: ${hashes[0]?.slice(0, 16)} ${equal ? 'each time' : 'and others'}`)
    }
    const two = new Set(versions).size === 2
    return {
      met: same === RUNS.length && two,
      figure: `${same} of ${RUNS.length} seeds the same, twice on ${versions.join(' and ')}`,
      facts: { versions, same },
    }
  },
}
