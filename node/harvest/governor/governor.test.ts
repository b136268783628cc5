import { describe, expect, it } from 'vitest'
import {
  type Changes,
  codesOf,
  policyOf,
  ScriptedDevice,
} from '../../../test/fixtures/scripted-device.ts'
import { unknown } from '../reading.ts'

const MINUTE_MS = 60_000
const desktop = policyOf('desktop')
/** Nothing is left to work while somebody is there. */
const strict = policyOf('desktop', { presentCpuPercent: 0 })

/** A desktop that is lent whole. */
function lent(policy = desktop, signals: Changes = {}): ScriptedDevice {
  const device = new ScriptedDevice(policy, signals)
  device.run(MINUTE_MS)
  return device
}

/** Somebody sits down: more than a lone touch. */
function comeBack(device: ScriptedDevice): ScriptedDevice {
  device.touch().run(2_000)
  device.touch().run(1_000)
  return device
}

describe('an unused desktop', () => {
  it('is lent whole, a quarter first and the rest over the ramp', () => {
    const device = new ScriptedDevice(desktop)

    expect(device.tick()).toMatchObject({ state: 'HARVEST_FULL', levels: { cpu: 0.25 } })
    expect(device.after(10_000).levels.cpu).toBeCloseTo(0.5, 5)
    expect(device.after(20_000)).toMatchObject({
      levels: { cpu: 1, gpu: 1, memory: 0.7, network: 0.8, lease: 1 },
      offerQuarters: 4,
      leaseMs: 600_000,
      giveBack: { cpu: { step: 'none' }, gpu: { step: 'none' } },
      distrusted: [],
    })
  })
})

describe('somebody who comes back', () => {
  it('gets the processor at the first input', () => {
    const device = lent().touch()

    expect(device.run(250, 250)[0]).toMatchObject({
      state: 'OWNER',
      levels: { cpu: 0.25, gpu: 0 },
      offerQuarters: 1,
    })
  })

  it('keeps it for as long as it takes to be sure that nobody is there', () => {
    const device = comeBack(lent())

    expect(device.after(1_000)).toMatchObject({ state: 'OWNER', levels: { cpu: 0.25, gpu: 0 } })
    expect(device.after(MINUTE_MS)).toMatchObject({ state: 'COOLDOWN', levels: { cpu: 0.25 } })
    expect(device.after(2 * MINUTE_MS + 30_000)).toMatchObject({
      state: 'HARVEST_CPU',
      levels: { cpu: 0.875, gpu: 0 },
    })
    expect(device.after(2 * MINUTE_MS)).toMatchObject({ state: 'HARVEST_FULL', levels: { cpu: 1 } })
  })

  it('is told which code, since when, until when and what ends it', () => {
    const device = comeBack(lent())

    expect(device.after(10_000).reasons.find(({ resource }) => resource === 'cpu')).toEqual({
      code: 'USER_PRESENT',
      resource: 'cpu',
      cap: 0.25,
      sinceMs: 64_000,
      untilMs: 242_000,
      signal: 'lastInputAtMs',
      unblocks: 'no input for 3 min',
      detail: 'last input 11 s ago',
    })
  })

  it('is not taken for a lone touch of the table: work goes on in place after that', () => {
    const bumped = lent(strict).touch()

    expect(bumped.run(1_000, 500).at(-1)).toMatchObject({ state: 'FROZEN', levels: { cpu: 0 } })
    expect(bumped.after(4_000)).toMatchObject({ state: 'HARVEST_FULL', levels: { cpu: 0.25 } })
    // A second one within the time of absence is a person.
    expect(bumped.touch().after(30_000)).toMatchObject({ levels: { cpu: 0 } })
  })

  it('counts as there after the device slept, whatever input says', () => {
    const device = lent()
    device.wallMs += 8 * 3_600_000

    const decision = device.after(1_000)

    expect(decision).toMatchObject({ levels: { cpu: 0.25, gpu: 0 } })
    expect(codesOf(decision)).toContain('CLOCK_JUMP cpu')
    expect(device.after(4 * MINUTE_MS).levels.cpu).toBe(0.875)
  })
})

describe('work that runs', () => {
  it('is asked, frozen, drained and ended in this order, with the bounds of the policy', () => {
    const device = lent(strict)

    comeBack(device)
    const steps = device.run(2 * MINUTE_MS, 500).map(({ giveBack, state, atMs }) => ({
      step: giveBack.cpu.step,
      state,
      afterMs: atMs - 61_000,
    }))

    const first = (name: string) => steps.find(({ step }) => step === name)
    expect(device.memory.giveBack.cpu.revokedAtMs).toBe(61_000)
    expect(first('freeze')?.state).toBe('FROZEN')
    expect(first('drain')).toEqual({ step: 'drain', state: 'DRAIN', afterMs: 60_000 })
    expect(first('kill')).toEqual({ step: 'kill', state: 'DRAIN', afterMs: 90_000 })
  })

  it('yields within the time that it is given, then is frozen', () => {
    const device = lent(strict).touch()

    const steps = device.run(750, 250).map(({ giveBack }) => giveBack.cpu)

    expect(steps).toEqual([
      { step: 'yield', sinceMs: 60_250, untilMs: 60_750 },
      { step: 'yield', sinceMs: 60_250, untilMs: 60_750 },
      { step: 'freeze', sinceMs: 60_750, untilMs: 120_250 },
    ])
  })

  it('moves soon when somebody waits for its next word', () => {
    const device = lent(strict, { work: { cpu: 'running', gpu: 'running', interactive: true } })

    comeBack(device)

    expect(device.after(4_000).giveBack).toMatchObject({
      cpu: { step: 'drain' },
      gpu: { step: 'drain' },
    })
  })

  it('is done with once nothing is held any more; memory follows on timers of its own', () => {
    const device = comeBack(lent(strict)).set({
      work: { cpu: 'none', gpu: 'none', interactive: false },
    })

    expect(device.after(1_000)).toMatchObject({
      state: 'OWNER',
      giveBack: { cpu: { step: 'none' } },
      release: { gpuMemory: false, memory: false },
    })
    expect(device.after(10_000).release).toEqual({ gpuMemory: true, memory: false })
    expect(device.touch().after(2 * MINUTE_MS).release).toEqual({ gpuMemory: true, memory: true })
  })
})

describe('a person who is there without input', () => {
  it.each<[string, Changes, string]>([
    ['plays a film', { media: true }, 'MEDIA'],
    ['shows slides', { fullscreen: true }, 'FULLSCREEN'],
    ['reads', { inhibitors: [{ what: 'idle', by: 'reader' }] }, 'USER_PRESENT_INHIBITOR'],
  ])('%s: no more than the share for somebody who is there', (_, signals, code) => {
    const device = lent(desktop, signals)
    const decision = device.run(60 * MINUTE_MS, 5_000).at(-1) ?? device.tick()

    expect(decision).toMatchObject({ levels: { cpu: 0.25, gpu: 0 } })
    expect(codesOf(decision)).toContain(`${code} cpu`)
  })

  it('still watches when the helper that said so has died', () => {
    const device = lent(desktop, { media: true })
    device.set({ media: { quality: 'stale', value: true, atMs: device.nowMs, why: 'helper died' } })

    const decision = device.after(10 * MINUTE_MS)

    expect(decision.levels.cpu).toBe(0.25)
    expect(decision.distrusted).toEqual([{ signal: 'media', why: 'helper died' }])
  })

  it('looks at a phone: a lit display is somebody, a dark one nobody after a while', () => {
    const phone = new ScriptedDevice(policyOf('phone'), { screenOn: true, locked: false })
    phone.after(10 * MINUTE_MS)

    expect(codesOf(phone.tick())).toContain('SCREEN_ON cpu')
    phone.set({ screenOn: false })
    expect(phone.after(MINUTE_MS).levels.cpu).toBe(0)
    expect(phone.after(MINUTE_MS + 10_000).levels.cpu).toBeGreaterThan(0)
  })

  it('lends a phone on its charger only, and only well charged', () => {
    const supplies = [{ name: 'usb', type: 'usb', online: true }] as const
    const charged = (chargeFraction: number) =>
      [{ name: 'pack', status: 'charging', chargeFraction }] as const
    const phone = new ScriptedDevice(policyOf('phone'), {
      screenOn: false,
      supplies,
      batteries: charged(0.79),
    })
    phone.after(10 * MINUTE_MS)
    expect(codesOf(phone.tick())).toContain('BATTERY_LOW cpu')

    phone.set({ batteries: charged(0.84) })
    expect(phone.after(5 * MINUTE_MS).levels.cpu).toBe(0)
    phone.set({ batteries: charged(0.86) })
    expect(phone.after(5 * MINUTE_MS).levels.cpu).toBeGreaterThan(0)

    phone.set({
      supplies: [{ ...supplies[0], online: false }],
      batteries: [{ name: 'pack', status: 'discharging', chargeFraction: 0.86 }],
    })
    expect(phone.tick().levels.cpu).toBe(0)
    expect(codesOf(phone.tick())).toContain('ON_BATTERY cpu')
  })

  it('on a metered network has all of it, and for a while after', () => {
    const device = lent(desktop, { network: { metered: true, todayBytes: 0 } })
    device.set({ network: { metered: false, todayBytes: 0 } })

    expect(device.after(20_000).levels.network).toBe(0)
    expect(device.after(20_000).levels.network).toBe(0.8)
  })

  it('has the whole device during a call, and for a game on the list', () => {
    expect(lent(desktop, { call: true }).after(MINUTE_MS).levels).toMatchObject({ cpu: 0, gpu: 0 })
    const playing = lent(desktop, { exclusiveApps: ['quake'] }).after(MINUTE_MS)
    expect(playing.levels).toMatchObject({ cpu: 0, gpu: 0, lease: 0 })
    expect(playing.reasons[0]).toMatchObject({ code: 'EXCLUSIVE_APP', detail: 'quake' })
  })
})

describe('a signal that cannot be believed', () => {
  it.each<[string, Changes]>([
    ['is absent', { lastInputAtMs: unknown() }],
    ['is not a number', { lastInputAtMs: Number.NaN }],
    ['lies in the future', { lastInputAtMs: 1e12 }],
    ['is stale', { lastInputAtMs: { quality: 'known', value: -1e9, atMs: -60_000 } }],
  ])('input that %s: somebody is there, on a desktop', (_, signals) => {
    const decision = new ScriptedDevice(desktop, signals).after(10 * MINUTE_MS)

    expect(decision.levels).toMatchObject({ cpu: 0.25, gpu: 0 })
    expect(codesOf(decision)).toContain('SENSOR_STALE cpu')
  })

  it('is no person on a server', () => {
    const server = new ScriptedDevice(policyOf('server'), { lastInputAtMs: unknown() })

    expect(server.after(MINUTE_MS)).toMatchObject({ state: 'HARVEST_FULL', levels: { cpu: 0.9 } })
  })

  it.each<[string, Changes, number]>([
    ['cpu', { cpu: unknown('no such file') }, 0.25],
    ['cpu', { cpu: { busyFraction: Number.NaN, ownFraction: 0, cores: 8 } }, 0.25],
    ['thermal', { thermal: unknown('no such file') }, 0.75],
    ['thermal', { thermal: [{ name: 'x', part: 'cpu', celsius: Number.NaN }] }, 0.75],
  ])('%s has its declared default, and is named', (signal, signals, level) => {
    const decision = lent(desktop, signals).after(1_000)

    expect(decision.levels.cpu).toBe(level)
    expect(decision.distrusted.map((one) => one.signal)).toEqual([signal])
  })

  it('makes a laptop stop where power cannot be seen', () => {
    const laptop = lent(policyOf('laptop'), { batteries: unknown(), supplies: unknown() })

    expect(laptop.after(1_000)).toMatchObject({ levels: { cpu: 0 } })
  })
})

describe('what the person says', () => {
  it('pauses everything until the time that was given', () => {
    const device = lent()
    device.set({ wish: { mode: 'pause', untilWallMs: device.wallMs + MINUTE_MS } })

    expect(device.after(30_000)).toMatchObject({
      levels: { cpu: 0, gpu: 0, memory: 0, network: 0, lease: 0 },
      offerQuarters: 0,
      leaseMs: 0,
    })
    expect(device.after(31_000).levels.cpu).toBeGreaterThan(0)
  })

  it('lets what runs finish, and promises nothing new', () => {
    const device = lent().set({ wish: { mode: 'finish' } })

    expect(device.after(1_000)).toMatchObject({ levels: { cpu: 1, lease: 0 }, leaseMs: 0 })
  })

  it('takes the person as absent, but not a call', () => {
    const device = comeBack(lent()).set({ wish: { mode: 'boost' } })

    expect(device.after(MINUTE_MS).levels).toMatchObject({ cpu: 1, gpu: 1 })
    expect(device.set({ call: true }).after(1_000).levels).toMatchObject({ cpu: 0, gpu: 0 })
  })

  it('switches all of it off', () => {
    const device = new ScriptedDevice(policyOf('desktop', { enabled: false }), {
      work: { cpu: 'none', gpu: 'none', interactive: false },
    })

    expect(device.after(1_000)).toMatchObject({ state: 'DISABLED', levels: { cpu: 0, memory: 0 } })
  })
})

describe('the self-test of isolation', () => {
  it('is due the first time that nobody is there, and not waited for for long', () => {
    const device = new ScriptedDevice(desktop, { isolation: unknown() })

    expect(device.after(1_000)).toMatchObject({ state: 'PROBE', levels: { cpu: 0.25 } })
    expect(device.after(MINUTE_MS)).toMatchObject({ state: 'HARVEST_FULL' })
  })

  it('leaves nothing to work beside somebody whom it would disturb', () => {
    const device = comeBack(lent(desktop, { isolation: { backgroundFraction: 0.5 } }))
    const decision = device.after(1_000)

    expect(decision.levels.cpu).toBe(0)
    expect(decision.reasons[0]).toMatchObject({ code: 'NO_ISOLATION' })
  })
})

describe('work that stops too often', () => {
  it('waits longer, and is told that this is why', () => {
    const device = lent(strict)
    for (let time = 0; time < 9 && device.memory.flaps.stops < 6; time++) {
      comeBack(device)
      device.run(4 * MINUTE_MS)
    }
    comeBack(device)

    const decision = device.after(4 * MINUTE_MS)

    expect(decision.levels.cpu).toBe(0)
    expect(codesOf(decision)).toContain('FLAP_GUARD cpu')
    expect(device.after(3 * MINUTE_MS).levels.cpu).toBeGreaterThan(0)
  })
})
