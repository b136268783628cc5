import { describe, expect, it } from 'vitest'
import { policyOf, ScriptedDevice } from '../../../test/fixtures/scripted-device.ts'
import type { Decision } from '../decision.ts'

const MINUTE_MS = 60_000
/** A phone that nothing else keeps from work. */
const OPEN = { chargeStopPercent: 0, chargeResumePercent: 0, chargeFirstPercent: 0 } as const
const RESTING = { cpu: 'none', gpu: 'none', interactive: false } as const

/** A phone on its charger, and how much of the charging its work takes at the full level. */
class Phone {
  readonly device: ScriptedDevice
  takenByWork: number
  charge = 0.85
  #level = 0

  constructor(takenByWork: number, settings: Parameters<typeof policyOf>[1] = OPEN) {
    this.takenByWork = takenByWork
    this.device = new ScriptedDevice(policyOf('phone', settings), { screenOn: false })
  }

  /** Time on the charger at a minute a tick; the level at the end. */
  charging(minutes: number, work: 'allowed' | 'none' = 'allowed'): Decision {
    const supplies = [{ name: 'usb', type: 'usb', online: true }] as const
    for (let minute = 0; minute < minutes; minute++) {
      const level = work === 'none' ? 0 : this.#level
      this.charge += 0.0005 * (1 - this.takenByWork * level)
      const batteries = [{ name: 'pack', status: 'charging', chargeFraction: this.charge }] as const
      const running = { ...RESTING, cpu: level > 0 ? 'running' : 'none' } as const
      this.device.set({ supplies, batteries, work: running })
      this.#level = this.device.run(MINUTE_MS, 5_000).at(-1)?.levels.cpu ?? 0
    }
    return this.device.tick()
  }
}

const charging = ({ reasons }: Decision) =>
  reasons.find(({ code, resource }) => code === 'CHARGE_FIRST' && resource === 'cpu')

describe('charging that work slows', () => {
  it('halves what work may have until charging has most of its rate again, and keeps it there', () => {
    const phone = new Phone(1.2)
    phone.charging(15, 'none')
    // Half of the processor takes 60 % of the rate.
    const first = charging(phone.charging(20))
    expect([first?.cap, first?.detail]).toEqual([0.25, 'charging at 40 % of its rate without work'])
    const levels = Array.from({ length: 12 }, () => phone.charging(10).levels.cpu)
    expect(new Set(levels)).toEqual(new Set([0.25]))
  })

  it('is left alone where work takes little of it, and before the rate without work is known', () => {
    const light = new Phone(0.5)
    light.charging(15, 'none')
    expect(charging(light.charging(60))).toBe(undefined)
    expect(charging(new Phone(1.2).charging(60))).toBe(undefined)
  })

  it('gives work its share back once it disturbs less, after a while', () => {
    const phone = new Phone(1.2)
    phone.charging(15, 'none')
    expect(charging(phone.charging(20))?.cap).toBe(0.25)
    phone.takenByWork = 0.1
    expect(charging(phone.charging(15))?.cap).toBe(0.25)
    expect(charging(phone.charging(30))).toBe(undefined)
  })

  it('forgets what it learned once the charger is pulled', () => {
    const phone = new Phone(1.2)
    phone.charging(15, 'none')
    expect(charging(phone.charging(20))?.cap).toBe(0.25)
    const batteries = [{ name: 'pack', status: 'discharging', chargeFraction: 0.86 }] as const
    phone.device.set({ supplies: [], batteries }).run(MINUTE_MS, 5_000)
    expect(charging(phone.charging(60))).toBe(undefined)
  })

  it('counts for nothing where no share of the rate is asked for', () => {
    const phone = new Phone(1.2, { ...OPEN, chargeRatePercentMin: 0 })
    phone.charging(15, 'none')
    expect(charging(phone.charging(60))).toBe(undefined)
  })
})
