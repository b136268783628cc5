import { describe, expect, it } from 'vitest'
import { policyOf, ScriptedDevice } from '../../../test/fixtures/scripted-device.ts'
import { ThermalPlant, type ThermalPlantInit } from '../traces/thermal-plant.ts'

const desktop = policyOf('desktop')

interface Loop {
  readonly peakCelsius: number
  readonly meanLevel: number
  readonly zeroTicks: number
}

/** The governor and a plant that it heats, read every 2 s. */
function closedLoop(init: ThermalPlantInit, hours: number, noiseCelsius = 0): Loop {
  const device = new ScriptedDevice(desktop)
  const plant = new ThermalPlant(init)
  let [level, sum, peakCelsius, zeroTicks] = [0, 0, 0, 0]
  const ticks = hours * 1_800
  for (let tick = 0; tick < ticks; tick++) {
    plant.step(level, 2_000)
    peakCelsius = Math.max(peakCelsius, plant.celsius)
    // The same wave for every run: noise that no seed decides.
    const celsius = plant.celsius + noiseCelsius * Math.sin(tick * 2.4)
    device.set({ thermal: [{ name: 'package', part: 'cpu', celsius }] })
    level = device.run(2_000, 2_000).at(-1)?.levels.cpu ?? 0
    sum += level
    if (level === 0) zeroTicks++
  }
  return { peakCelsius, meanLevel: sum / ticks, zeroTicks }
}

describe('heat', () => {
  it.each([10_000, 60_000, 600_000])(
    'is kept below the hard limit at a time constant of %i ms, at most of the best constant level',
    (tauMs) => {
      const init = { ambientCelsius: 30, riseCelsius: 90, tauMs }
      const best = (desktop.cpuHardCelsius - 30) / 90

      for (const noise of [0, 1]) {
        const { peakCelsius, meanLevel } = closedLoop(init, 2, noise)
        expect(peakCelsius).toBeLessThanOrEqual(desktop.cpuHardCelsius + 2)
        expect(meanLevel / best).toBeGreaterThanOrEqual(0.8)
      }
    },
  )

  it('changes nothing on a device that stays cool', () => {
    const cool = closedLoop({ ambientCelsius: 22, riseCelsius: 40, tauMs: 60_000 }, 1)

    expect(cool.meanLevel).toBeGreaterThan(0.98)
  })

  it('stops all work at the hard limit, for the dwell and until it is cool again', () => {
    const device = new ScriptedDevice(desktop)
    device.after(60_000)
    device.set({ thermal: [{ name: 'package', part: 'cpu', celsius: 92 }] })

    expect(device.after(1_000)).toMatchObject({ levels: { cpu: 0 } })
    device.set({ thermal: [{ name: 'package', part: 'cpu', celsius: 70 }] })
    expect(device.after(100_000).reasons[0]).toMatchObject({ code: 'DWELL', after: 'TEMP_HARD' })
    expect(device.after(30_000).levels.cpu).toBeGreaterThan(0)
  })

  it('keeps a margin to where the system would slow down', () => {
    const device = new ScriptedDevice(desktop, {
      thermal: [{ name: 'package', part: 'cpu', celsius: 76, passiveCelsius: 85 }],
    })

    expect(device.after(1_000)).toMatchObject({ levels: { cpu: 0 } })
  })

  it('is worse on the battery: the limits are lower', () => {
    const laptop = policyOf('laptop', { onBattery: 'allow' })
    const device = new ScriptedDevice(laptop, {
      thermal: [{ name: 'package', part: 'cpu', celsius: 75 }],
      batteries: [{ name: 'BAT0', chargeFraction: 0.95, status: 'discharging' }],
    })

    expect(device.after(1_000).levels.cpu).toBe(0)
    device.set({ thermal: [{ name: 'package', part: 'cpu', celsius: 40 }] })
    expect(device.after(150_000).levels.cpu).toBeLessThanOrEqual(0.25)
  })

  it('is not believed of a sensor that shows one value whatever the processor does', () => {
    const device = new ScriptedDevice(desktop)
    device.after(700_000)
    expect(device.tick().levels.cpu).toBe(1)

    device.set({ cpu: { busyFraction: 0.95, ownFraction: 0.9, cores: 8 } })
    const decision = device.after(700_000)

    expect(decision.levels.cpu).toBe(0.75)
    expect(decision.reasons).toContainEqual(
      expect.objectContaining({ code: 'SENSOR_STALE', signal: 'thermal' }),
    )
    device.set({ thermal: [{ name: 'package', part: 'cpu', celsius: 46 }] })
    expect(device.after(60_000).levels.cpu).toBe(1)
  })

  it('of the battery pack and of the GPU count too', () => {
    const hot = (part: 'battery' | 'gpu', celsius: number) =>
      new ScriptedDevice(desktop, { thermal: [{ name: part, part, celsius }] }).after(1_000).levels

    expect(hot('battery', 46)).toMatchObject({ cpu: 0, gpu: 0 })
    expect(hot('gpu', 90)).toMatchObject({ gpu: 0 })
    expect(hot('gpu', 90).cpu).toBeGreaterThan(0)
  })
})
