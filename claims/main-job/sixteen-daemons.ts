/**
 * How long it takes until sixteen devices know each other, and how fast one finds another.
 *
 * @module
 */

import type { Device } from '../../node/api/schemas/device.ts'
import type { PeerList } from '../../node/api/schemas/peers.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'

const DAEMONS = 16
const LOOKUPS = 320
const JOIN_MS_GOAL = 30_000
const LOOKUP_MS_GOAL = 300

export const claim: Claim = {
  sentence: 'Sixteen devices become a mesh in half a minute, and find each other by class at once.',
  goal: `joined within ${JOIN_MS_GOAL / 1_000} s, class lookup p95 ≤ ${LOOKUP_MS_GOAL} ms`,
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const daemons = await fleet.startMany(DAEMONS)
    const daemonAt = (index: number): TestDaemon => {
      const daemon = daemons[index]
      if (daemon === undefined) throw new Error(`no daemon ${index}`)
      return daemon
    }
    const slowest = Math.max(...daemons.map(({ readyMs }) => readyMs))
    say(`${DAEMONS} daemons up, the slowest after ${slowest.toFixed(0)} ms (4 at a time)`)

    const startMs = performance.now()
    await fleet.formMesh('sixteen', 120_000)
    const joinMs = performance.now() - startMs
    say(`every one knows all ${DAEMONS} after ${joinMs.toFixed(0)} ms`)

    const { classes } = await daemonAt(0).api.get<Device>('/v1/device')
    const timesMs: number[] = []
    let incomplete = 0
    for (let lookup = 0; lookup < LOOKUPS; lookup++) {
      signal.throwIfAborted()
      const { api } = daemonAt(lookup % DAEMONS)
      const wanted = classes[lookup % classes.length] ?? ''
      const beganMs = performance.now()
      const { peers } = await api.get<PeerList>(`/v1/peers?class=${encodeURIComponent(wanted)}`)
      timesMs.push(performance.now() - beganMs)
      if (peers.length < DAEMONS - 1) incomplete++
    }
    const sorted = timesMs.toSorted((a, b) => a - b)
    const p50 = sorted[Math.floor(0.5 * LOOKUPS)] ?? Number.NaN
    const p95 = sorted[Math.floor(0.95 * LOOKUPS)] ?? Number.NaN
    say(`${LOOKUPS} lookups of ${classes.join(', ')}: p50 ${p50.toFixed(1)} ms`)
    say(`${incomplete} of them did not find all others`)
    return {
      met: joinMs <= JOIN_MS_GOAL && p95 <= LOOKUP_MS_GOAL && incomplete === 0,
      figure: `joined in ${(joinMs / 1_000).toFixed(1)} s, lookup p95 ${p95.toFixed(1)} ms, ${incomplete} incomplete`,
      facts: { joinMs, p50, p95, incomplete, readyMsSlowest: slowest },
    }
  },
}
