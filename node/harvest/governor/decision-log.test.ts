import { describe, expect, it } from 'vitest'
import { policyOf, ScriptedDevice } from '../../../test/fixtures/scripted-device.ts'
import { DecisionLog } from './decision-log.ts'

describe('the log of decisions', () => {
  it('says what held at a minute, and keeps only what changed', () => {
    const device = new ScriptedDevice(policyOf('desktop'))
    const log = new DecisionLog(86_400_000)
    const startMs = device.wallMs
    for (const decision of device.run(300_000)) log.add(decision)
    device.set({ media: true })
    for (const decision of device.run(300_000)) log.add(decision)

    expect(log.at(startMs)).toBeUndefined()
    expect(log.at(startMs + 200_000)).toMatchObject({ state: 'HARVEST_FULL' })
    expect(log.at(startMs + 400_000)?.reasons).toContainEqual(
      expect.objectContaining({ code: 'MEDIA', resource: 'cpu' }),
    )
    expect(log.entries.length).toBeLessThan(30)
  })

  it('forgets what is older than its history, but for what still held then', () => {
    const device = new ScriptedDevice(policyOf('desktop'))
    const log = new DecisionLog(60_000)
    for (let round = 0; round < 20; round++) {
      device.set({ call: round % 2 === 0 })
      for (const decision of device.run(30_000)) log.add(decision)
    }
    const oldestMs = log.entries[1]?.atMs ?? 0

    expect(device.nowMs - oldestMs).toBeLessThanOrEqual(60_000)
    expect(log.at(device.wallMs - 60_000)).toBeDefined()
  })
})
