/**
 * Three real daemons from nothing to an answer, and through the loss of a stage.
 *
 * @module
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { addNetwork } from '../fixtures/sample-models.ts'
import type { JobView } from '../../node/api/schemas/jobs.ts'
import type { LedgerView } from '../../node/api/schemas/ledger.ts'
import type { ModelList } from '../../node/api/schemas/models.ts'
import type { PeerList } from '../../node/api/schemas/peers.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import { until } from '../fixtures/delay.ts'
import { descendants, killNow } from '../fixtures/processes.ts'

const fleet = new DaemonFleet()
let requester: TestDaemon
let others: readonly TestDaemon[]

beforeAll(async () => {
  const [first, ...rest] = await fleet.startMany(3)
  if (first === undefined) throw new Error('no daemon')
  requester = first
  others = rest
  await fleet.formMesh('three')
})

afterAll(() => fleet[Symbol.asyncDispose]())

it('lets every device know every other', async () => {
  const expected = fleet.daemons.map(({ status }) => status.peer).toSorted()
  for (const { api } of fleet.daemons) {
    const { peers } = await api.get<PeerList>('/v1/peers')
    expect(peers.map(({ peer }) => peer).toSorted()).toEqual(expected)
  }
})

it('gives the same bytes from two devices as from one', async () => {
  const network = await addNetwork(requester.api, 'cls')
  const spec = { model: network.id, inputs: [network.input(1)], replicas: 1, wire: 'f32' as const }
  const whole = await requester.api.runJob({ ...spec, stages: 1 })
  const split = await requester.api.runJob({ ...spec, stages: 2 })
  expect([whole.state, split.state]).toEqual(['done', 'done'])
  expect(new Set(split.stages.map(({ peer }) => peer)).size).toBe(2)
  expect(split.outputs).toEqual(whole.outputs)
})

it('has the receipt of each stage at another device in both ledgers', async () => {
  const network = await addNetwork(requester.api, 'cls')
  const spec = { model: network.id, inputs: [network.input(2)], replicas: 1, wire: 'f32' as const }
  const before = await settledBy(fleet.daemons)
  const { settlements, stages } = await requester.api.runJob({ ...spec, stages: 3 })
  const helpers = stages.map(({ peer }) => peer).filter((peer) => peer !== requester.status.peer)
  expect(settlements.map(({ peer }) => peer).toSorted()).toEqual(helpers.toSorted())
  expect(new Set(settlements.map(({ state }) => state))).toEqual(new Set(['settled']))
  const grown = await until('the helpers have their settlements', 5_000, async () => {
    const after = await settledBy(fleet.daemons)
    const more = after.map((count, index) => count - (before[index] ?? 0))
    return more.every((count) => count > 0) ? more : undefined
  })
  expect(grown).toEqual([2, 1, 1])
})

/** Receipts that ended well in each ledger. */
function settledBy(daemons: readonly TestDaemon[]): Promise<readonly number[]> {
  return Promise.all(
    daemons.map(async ({ api }) => (await api.get<LedgerView>('/v1/ledger')).receipts.settled),
  )
}

it('loses nothing when the executor of a stage is killed in the middle of a run', async () => {
  const network = await addNetwork(requester.api, 'rec')
  const inputs = Array.from({ length: 24 }, (_, seed) => network.input(seed))
  const spec = { model: network.id, inputs, replicas: 1, wire: 'f32' as const }
  const { outputs } = await requester.api.runJob({ ...spec, stages: 1 })

  const { id } = await requester.api.post<JobView>('/v1/jobs', { ...spec, stages: 3 })
  const victim = await until('a stage elsewhere runs', 60_000, async () => {
    const { state, progress } = await requester.api.get<JobView>(`/v1/jobs/${id}`)
    if (state === 'running' && progress.inputsDone > 0) {
      return others.find((daemon) => daemon.executorPids().length > 0)
    }
    expect(state, 'the job must still run').not.toBe('done')
    return undefined
  })
  for (const pid of victim.executorPids()) killNow(pid)
  const job = await until('the job ends', 60_000, async () => {
    const view = await requester.api.get<JobView>(`/v1/jobs/${id}`)
    return ['done', 'failed', 'cancelled'].includes(view.state) ? view : undefined
  })
  expect(job).toMatchObject({ state: 'done' })
  expect(job.outputs).toEqual(outputs)
  expect(job.recoveries.length).toBeGreaterThan(0)
})

it('finds its mesh and its models again after a power cut', async () => {
  const last = others.at(-1)
  if (last === undefined) throw new Error('no daemon')
  const before = await last.api.get<ModelList>('/v1/models')
  const executors = descendants(last.pid)
  await last.kill()
  await until('its executors are gone', 10_000, () =>
    executors.every(({ pid }) => !isRunning(pid)) ? true : undefined,
  )
  const again = await fleet.start(last.name)
  expect(again.status.peer).toBe(last.status.peer)
  expect(again.status.mesh?.name).toBe('three')
  const after = await again.api.get<ModelList>('/v1/models')
  expect(after.models.map(({ id }) => id)).toEqual(before.models.map(({ id }) => id))
  await fleet.awaitPeers(3)
})

it('stops when it is asked to, with exit code 0', async () => {
  const exits = await Promise.all(fleet.daemons.map((daemon) => daemon.stop()))
  expect(exits).toEqual(exits.map(() => ({ code: 0, signal: null })))
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
