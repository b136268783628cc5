/**
 * What a daemon costs its owner while nobody wants anything.
 *
 * @module
 */

import { delay } from '../../test/fixtures/delay.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { descendants, processCost } from '../../test/fixtures/processes.ts'
import type { Claim } from '../claim.ts'

const DAEMONS = 16
const SETTLE_MS = 30_000
const WATCH_MS = 120_000
const RSS_BYTES_GOAL = 120_000_000
const CPU_SHARE_GOAL = 0.003

function cost({ pid }: TestDaemon): { readonly rssBytes: number; readonly cpuMs: number } {
  const all = [pid, ...descendants(pid).map((child) => child.pid)].map(processCost)
  return {
    rssBytes: all.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

export const claim: Claim = {
  sentence:
    'An idle daemon in a mesh of sixteen takes no memory and no time that its owner misses.',
  goal: `median ≤ ${RSS_BYTES_GOAL / 1e6} MB resident and ≤ ${CPU_SHARE_GOAL * 100} % of a core`,
  run: async ({ say }) => {
    if (process.platform !== 'linux') throw new Error('expected Linux: costs are read from /proc')
    await using fleet = new DaemonFleet()
    const daemons = await fleet.startMany(DAEMONS)
    await fleet.formMesh('idle', 120_000)
    say(`mesh of ${DAEMONS}; ${SETTLE_MS / 1_000} s to settle, ${WATCH_MS / 1_000} s to watch`)
    await delay(SETTLE_MS)
    const before = daemons.map(cost)
    await delay(WATCH_MS)
    const after = daemons.map(cost)

    const shares = after.map(({ cpuMs }, index) => (cpuMs - (before[index]?.cpuMs ?? 0)) / WATCH_MS)
    const rss = after.map(({ rssBytes }) => rssBytes)
    const figures = {
      rssMbMedian: median(rss) / 1e6,
      rssMbMax: Math.max(...rss) / 1e6,
      cpuPercentMedian: median(shares) * 100,
      cpuPercentMax: Math.max(...shares) * 100,
    }
    for (const [name, value] of Object.entries(figures)) say(`${name} ${value.toFixed(2)}`)
    return {
      met: median(rss) <= RSS_BYTES_GOAL && median(shares) <= CPU_SHARE_GOAL,
      figure: `${figures.rssMbMedian.toFixed(0)} MB, ${figures.cpuPercentMedian.toFixed(2)} % of a core`,
      facts: { daemons: DAEMONS, ...figures },
    }
  },
}
