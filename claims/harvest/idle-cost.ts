/**
 * What a daemon that nobody wants anything of costs, with everything that looks for its owner on.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { DaemonFleet } from '../../test/fixtures/daemons.ts'
import { delay } from '../../test/fixtures/delay.ts'
import { processCost } from '../../test/fixtures/processes.ts'
import type { Claim } from '../claim.ts'
import { Session } from './owner.ts'

const SETTLE_MS = 30_000
const WATCH_MS = 540_000
const CPU_SHARE_GOAL = 0.003
const RSS_BYTES_GOAL = 120_000_000

/** With those of libp2p, of which the goal would allow more. */
const WAKE_UPS_GOAL = 2

/** How often the process went to sleep by itself so far: about as often it was woken. */
function wakeUps(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? Number.NaN)
}

export const claim: Claim = {
  sentence:
    'A daemon that looks for its owner, and has nothing to do, takes nothing that is missed.',
  goal: `≤ ${CPU_SHARE_GOAL * 100} % of a core and ≤ ${RSS_BYTES_GOAL / 1e6} MB over ${WATCH_MS / 60_000} minutes, ≤ ${WAKE_UPS_GOAL} wake-ups a second`,
  run: async ({ say }) => {
    if (process.platform !== 'linux') throw new Error('expected Linux: costs are read from /proc')
    await using fleet = new DaemonFleet({ env: { BRUME_HARVEST_TEMPLATE: 'desktop' } })
    const daemon = await fleet.start('idle')
    await using session = await Session.at(daemon)
    session.leave()
    await delay(SETTLE_MS)
    const before = { ...processCost(daemon.pid), wakeUps: wakeUps(daemon.pid) }
    await delay(WATCH_MS)
    const after = { ...processCost(daemon.pid), wakeUps: wakeUps(daemon.pid) }
    const share = (after.cpuMs - before.cpuMs) / WATCH_MS
    const perSecond = ((after.wakeUps - before.wakeUps) / WATCH_MS) * 1_000
    say(
      `${perSecond.toFixed(1)} wake-ups a second, those of libp2p and of a session helper included`,
    )
    return {
      met:
        share <= CPU_SHARE_GOAL && after.rssBytes <= RSS_BYTES_GOAL && perSecond <= WAKE_UPS_GOAL,
      figure: `${(share * 100).toFixed(2)} % of a core, ${(after.rssBytes / 1e6).toFixed(0)} MB, ${perSecond.toFixed(1)} wake-ups a second`,
      facts: { share, rssBytes: after.rssBytes, wakeUpsPerSecond: perSecond },
    }
  },
}
