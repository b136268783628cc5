import { describe, expect, it } from 'vitest'
import { codesOf, policyOf, ScriptedDevice } from '../../../test/fixtures/scripted-device.ts'
import { known, unknown } from '../reading.ts'
import { BatteryModel } from '../traces/battery-model.ts'

const HOUR_MS = 3_600_000
const laptop = policyOf('laptop')

/** A laptop on a desk that nobody uses, its charger plugged in. */
const docked = () =>
  new ScriptedDevice(laptop, {
    supplies: [{ name: 'AC', type: 'usb', online: true }],
    batteries: [{ name: 'BAT0', chargeFraction: 0.9, status: 'full' }],
  })

describe('a charger', () => {
  it('that is pulled stops all work at the next look', () => {
    const device = docked()
    device.after(120_000)
    device.set({
      supplies: [{ name: 'AC', type: 'usb', online: false }],
      batteries: [{ name: 'BAT0', chargeFraction: 0.9, status: 'discharging' }],
    })

    expect(device.run(250, 250)[0]).toMatchObject({ levels: { cpu: 0, gpu: 0 } })
  })

  it('that is plugged and pulled again and again does not make work start and stop', () => {
    const device = docked()
    device.after(120_000)
    let stops = 0
    let before = 1
    for (let second = 0; second < 600; second++) {
      const online = second % 20 < 10
      device.set({
        supplies: [{ name: 'AC', type: 'usb', online }],
        batteries: [
          { name: 'BAT0', chargeFraction: 0.9, status: online ? 'charging' : 'discharging' },
        ],
      })
      const level = device.after(1_000).levels.cpu
      if (level === 0 && before > 0) stops++
      before = level
    }

    expect(stops).toBe(1)
  })

  it('that is too weak counts as none', () => {
    const device = docked().set({
      batteries: [{ name: 'BAT0', chargeFraction: 0.9, status: 'discharging' }],
    })

    expect(device.after(1_000).levels.cpu).toBe(0)
  })

  it('fills an empty battery before work goes on', () => {
    const device = docked()
    const battery = new BatteryModel(
      { capacityWattHours: 50, idleWatts: 5, fullWatts: 45, chargerWatts: 65 },
      0.3,
    )
    device.set({ batteries: [battery.step(0, false, 60_000)] }).after(1_000)
    let [level, charge] = [0, 0]
    for (let minute = 0; minute < 60 && level === 0; minute++) {
      const state = battery.step(level, true, 60_000)
      charge = state.chargeFraction
      level =
        device
          .set({ batteries: [state] })
          .run(60_000, 5_000)
          .at(-1)?.levels.cpu ?? 0
    }

    expect(charge).toBeGreaterThanOrEqual(0.5)
    expect(level).toBeGreaterThan(0)
  })

  it('that is not enough for full work does not drain the battery to the bottom', () => {
    const device = new ScriptedDevice(laptop)
    const battery = new BatteryModel(
      { capacityWattHours: 50, idleWatts: 5, fullWatts: 90, chargerWatts: 45 },
      0.95,
    )
    let [level, least] = [0, 1]
    for (let tick = 0; tick < 2_000; tick++) {
      const state = battery.step(level, true, 10_000)
      least = Math.min(least, state.chargeFraction)
      device.set({
        supplies: [{ name: 'AC', type: 'usb', online: true }],
        batteries: [state],
      })
      level = device.run(10_000, 10_000).at(-1)?.levels.cpu ?? 0
    }

    expect(least).toBeGreaterThan(0.9)
  })
})

describe('signals that fail', () => {
  it('one by one, at random moments, leave no level without a reason', () => {
    const device = docked()
    const names = ['cpu', 'thermal', 'batteries', 'lastInputAtMs', 'memory', 'disk'] as const
    const decisions = names.flatMap((name) => [
      ...device.set({ [name]: unknown('gone') }).run(30_000, 1_000),
    ])

    expect(
      decisions
        .at(-1)
        ?.distrusted.map(({ signal }) => signal)
        .toSorted(),
    ).toEqual(names.toSorted())
    // Somebody may be there, and that is all that work has then.
    expect(decisions.at(-1)?.levels.cpu).toBe(0.15)
    expect(decisions.every(({ levels, reasons }) => levels.cpu > 0 || reasons.length > 0)).toBe(
      true,
    )
  })

  it('all at once, as when their reader dies, are stale after a while and not before', () => {
    const device = docked()
    device.after(120_000)
    const frozen = device.sample().readings
    const stuck = (afterMs: number) => {
      device.nowMs += afterMs
      device.wallMs += afterMs
      device.set(frozen)
      return device.tick()
    }

    expect(stuck(5_000).distrusted).toEqual([])
    const late = stuck(6_000)
    expect(late.distrusted.map(({ signal }) => signal)).toContain('lastInputAtMs')
    expect(late.levels.cpu).toBe(0)
  })

  it('come back to what they were', () => {
    const device = docked()
    device.after(120_000)
    const before = device.tick().levels
    device.set({ thermal: { quality: 'stale', value: [], atMs: 0 } }).after(60_000)

    device.set({ thermal: [{ name: 'package', part: 'cpu', celsius: 45 }] })
    expect(device.after(60_000).levels).toEqual(before)
  })
})

describe('clocks', () => {
  it('that were set back or forward are taken for a person, once', () => {
    const device = docked()
    device.after(120_000)
    device.wallMs -= HOUR_MS

    expect(codesOf(device.after(1_000))).toContain('CLOCK_JUMP cpu')
    expect(device.after(400_000).levels.cpu).toBe(0.75)
  })

  it('do not matter to a server', () => {
    const server = new ScriptedDevice(policyOf('server'))
    server.after(120_000)
    server.wallMs += 8 * HOUR_MS

    expect(server.after(1_000).levels.cpu).toBe(0.9)
  })

  it('that stood still while ticks did not come count for nothing', () => {
    const device = docked()
    device.set({ cpu: { busyFraction: 0.9, ownFraction: 0, cores: 8 } }).after(15_000)
    device.set({ cpu: { busyFraction: 0.05, ownFraction: 0, cores: 8 } })
    device.nowMs += HOUR_MS
    device.wallMs += HOUR_MS

    // An hour without a look is not an hour of calm.
    expect(device.tick().levels.cpu).toBe(0)
    expect(known(1, 2)).toEqual({ quality: 'known', value: 1, atMs: 2 })
  })
})
