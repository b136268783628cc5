/**
 * Roles between real daemons: the side that serves enforces them.
 *
 * @module
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Invite, Mesh } from '../../node/api/schemas/mesh.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import { addNetwork } from '../fixtures/sample-models.ts'

const fleet = new DaemonFleet()
let founder: TestDaemon
let observer: TestDaemon

beforeAll(async () => {
  const [first, second] = await fleet.startMany(2)
  if (first === undefined || second === undefined) throw new Error('no daemon')
  founder = first
  observer = second
  await founder.api.post<Mesh>('/v1/mesh', { name: 'roles' })
  const { code } = await founder.api.post<Invite>('/v1/mesh/invites', { role: 'observer' })
  await observer.api.post<Mesh>('/v1/mesh/join', { code })
  await fleet.awaitPeers(2)
})

afterAll(() => fleet[Symbol.asyncDispose]())

it('let an observer work for itself, and use nobody else', async () => {
  const network = await addNetwork(observer.api, 'cls')
  const spec = { model: network.id, inputs: [network.input(1)], replicas: 1 }
  const own = await observer.api.runJob({ ...spec, stages: 1 })
  const split = await observer.api.runJob({ ...spec, stages: 2 })
  const self = observer.status.peer
  expect([own.state, split.state]).toEqual(['done', 'done'])
  expect(split.recoveries.map(({ code, toPeer }) => [code, toPeer])).toEqual([
    ['INFERENCE_NOT_ALLOWED', self],
  ])
  expect(split.stages.map(({ peer }) => peer)).toEqual([self, self])
  expect(founder.executorPids()).toEqual([])
})

it('give no work to an observer', async () => {
  const network = await addNetwork(founder.api, 'cls')
  const before = observer.executorPids()
  const spec = { model: network.id, inputs: [network.input(1)], replicas: 1 }
  const split = await founder.api.runJob({ ...spec, stages: 2 })
  expect([split.state, split.error?.code, observer.executorPids()]).toEqual([
    'failed',
    'PLACEMENT_STAGES',
    before,
  ])
})
