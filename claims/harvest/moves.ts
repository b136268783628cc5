/**
 * A job in stages on three devices, to one of which its owner comes back in the middle of it.
 *
 * @module
 */

import type { HarvestView } from '../../node/api/schemas/harvest.ts'
import type { JobView } from '../../node/api/schemas/jobs.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { until } from '../../test/fixtures/delay.ts'
import { addNetwork, type Network } from '../../test/fixtures/sample-models.ts'
import type { Claim } from '../claim.ts'
import { lastRan, percentile, ranNs, Session } from './owner.ts'

const RUNS = 10
const DAEMONS = 3
const INPUTS = 60
/** From the input to the last time that work of others ran. */
const FREE_MS_GOAL = 1_500

/** An owner who shares nothing while at the device, and is gone a moment later. */
const OWNER = {
  BRUME_HARVEST_TEMPLATE: 'desktop',
  BRUME_HARVEST_PRESENT_CPU_PERCENT: '0',
  BRUME_HARVEST_GRACE_MS: '0',
  BRUME_HARVEST_CPU_AWAY_MS: '2000',
  BRUME_HARVEST_GPU_AWAY_MS: '2000',
  BRUME_HARVEST_BUMP_MS: '0',
  BRUME_HARVEST_RAMP_MS: '0',
  BRUME_HARVEST_SPARE_CORES: '0',
  BRUME_HARVEST_FLAP_STOPS_PER_HOUR_MAX: '1000',
  BRUME_HARVEST_THERMAL_UNKNOWN_PERCENT: '100',
}

function hashesOf({ outputs }: JobView): string {
  return outputs.map(({ sha256 }) => sha256).join(' ')
}

interface Scene {
  readonly requester: TestDaemon
  readonly owner: TestDaemon
  readonly session: Session
  readonly network: Network
  readonly expected: string
}

interface Run {
  readonly right: boolean
  readonly freeMs: number
  readonly ending: string
}

async function comeBack({ requester, owner, session, network, expected }: Scene): Promise<Run> {
  await until('the device is lent', 60_000, async () => {
    const { levels } = await owner.api.get<HarvestView>('/v1/harvest')
    return levels.cpu > 0.9 ? true : undefined
  })
  const inputs = Array.from({ length: INPUTS }, (_, seed) => network.input(seed % 6))
  const spec = { model: network.id, inputs, stages: DAEMONS, replicas: 1, wire: 'f32' as const }
  const { id } = await requester.api.post<JobView>('/v1/jobs', spec)
  const pids = await until('the owner’s device computes', 60_000, () => {
    const executors = owner.executorPids()
    return executors.length > 0 && ranNs(executors) > 0 ? executors : undefined
  })
  await until('the job runs', 60_000, async () => {
    const { state } = await requester.api.get<JobView>(`/v1/jobs/${id}`)
    return state === 'queued' || state === 'planning' || state === 'loading' ? undefined : true
  })
  const causeMs = performance.now()
  session.touch()
  const ranAtMs = await lastRan(pids, 10_000)
  const job = await until('the job ends', 120_000, async () => {
    const view = await requester.api.get<JobView>(`/v1/jobs/${id}`)
    return ['done', 'failed', 'cancelled'].includes(view.state) ? view : undefined
  })
  session.leave()
  const codes = job.recoveries.map(({ code }) => code).join(', ') || 'none'
  return {
    right: job.state === 'done' && hashesOf(job) === expected,
    freeMs: ranAtMs === undefined ? Infinity : Math.max(0, ranAtMs - causeMs),
    ending: `${job.state} ${job.error?.code ?? ''}, replaced: ${codes}`,
  }
}

export const claim: Claim = {
  sentence: 'A device whose owner comes back hands its stage over, and the answer stays the same.',
  goal: `${RUNS} right answers of ${RUNS}, the device free within ${FREE_MS_GOAL} ms (p95)`,
  run: async ({ say, signal }) => {
    if (process.platform !== 'linux')
      throw new Error('expected Linux: run times are read from /proc')
    await using fleet = new DaemonFleet()
    const requester = await fleet.start('requester')
    const owner = await fleet.start('owner', OWNER)
    await fleet.start('other')
    await fleet.formMesh('moves')
    await using session = await Session.at(owner)
    const network = await addNetwork(requester.api, 'rec')
    const inputs = Array.from({ length: INPUTS }, (_, seed) => network.input(seed % 6))
    const whole = await requester.api.runJob({ model: network.id, inputs, stages: 1, wire: 'f32' })
    const scene: Scene = { requester, owner, session, network, expected: hashesOf(whole) }
    const runs: Run[] = []
    while (runs.length < RUNS && !signal.aborted) {
      const run = await comeBack(scene)
      runs.push(run)
      say(`run ${runs.length}: ${run.ending}; free after ${run.freeMs.toFixed(0)} ms`)
    }
    const right = runs.filter((run) => run.right).length
    const p95 = percentile(
      runs.map(({ freeMs }) => freeMs),
      0.95,
    )
    return {
      met: right === RUNS && p95 <= FREE_MS_GOAL,
      figure: `${right} of ${runs.length} right, free within ${p95.toFixed(0)} ms (p95)`,
      facts: { right, runs: runs.length, p95 },
    }
  },
}
