/** What an owner says to a real daemon, and what it remembers of it. */

import { afterAll, expect, it } from 'vitest'
import type { HarvestView } from '../../node/api/schemas/harvest.ts'
import type { PeerList } from '../../node/api/schemas/peers.ts'
import { brume } from '../fixtures/brume-command.ts'
import { DaemonFleet } from '../fixtures/daemons.ts'
import { until } from '../fixtures/delay.ts'

const fleet = new DaemonFleet()

afterAll(() => fleet[Symbol.asyncDispose]())

it('is paused, told to finish and resumed for a time, over a restart', async () => {
  const first = await fleet.start('device')
  const { stateDir } = first
  await first.api.post('/v1/mesh', { name: 'alone' })
  const paused = await brume(stateDir, ['pause', '--for', '2h', '--json'])
  expect([paused.exit, paused.stderr]).toEqual([0, ''])
  const { wish } = await first.api.get<HarvestView>('/v1/harvest')
  expect(wish.mode).toBe('pause')
  await first.stop()

  const second = await fleet.start('device')
  const after = await second.api.get<HarvestView>('/v1/harvest')
  expect(after.wish).toEqual(wish)
  expect(after.levels).toMatchObject({ cpu: 0, gpu: 0 })
  expect(after.reasons.map(({ code }) => code)).toContain('PAUSED_BY_USER')
  const none = { staysFor5min: 0, staysFor15min: 0, staysFor60min: 0 }
  await until('others are told what is decided', 10_000, async () => {
    const { peers } = await second.api.get<PeerList>('/v1/peers')
    expect(peers.map(({ level }) => level)).toEqual([0])
    return JSON.stringify(peers[0]?.forecast) === JSON.stringify(none) ? true : undefined
  })

  expect((await brume(stateDir, ['finish', '--for', '1h'])).exit).toBe(0)
  expect((await second.api.get<HarvestView>('/v1/harvest')).wish.mode).toBe('finish')
  expect((await brume(stateDir, ['resume', '--for', '1h'])).exit).toBe(0)
  expect((await second.api.get<HarvestView>('/v1/harvest')).wish.mode).toBe('boost')
  await until('it lends again', 10_000, async () => {
    const { levels } = await second.api.get<HarvestView>('/v1/harvest')
    return levels.cpu > 0 ? true : undefined
  })
}, 120_000)

it('measures what work in the background takes of a busy processor', async () => {
  const { stdout } = await brume('/nonexistent', ['doctor', 'isolation', '--json'])
  const { isolation } = JSON.parse(stdout) as { isolation: Record<string, unknown> }
  expect(isolation).toMatchObject({ shareMax: 0.05, isolated: expect.any(Boolean) })
  // Where it cannot be measured, it says so.
  for (const share of [isolation['backgroundShare'], isolation['niceShare']]) {
    expect(share === null || (Number(share) >= 0 && Number(share) <= 1)).toBe(true)
  }
}, 120_000)
