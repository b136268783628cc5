import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HarvestPolicy, harvestPolicy, loadConfig } from '../../config/index.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { DayMeter } from './day-meter.ts'
import type { Decision } from './decision.ts'
import { Harvest } from './harvest.ts'
import { OwnerWish } from './owner-wish.ts'
import { known } from './reading.ts'
import type { Isolation, Readings, Signals, WorkHere } from './signals.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brume-harvest-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function policy(env: Readonly<Record<string, string>> = {}): HarvestPolicy {
  const { config } = loadConfig({ flags: {}, env, platform: 'linux', homeDir: folder })
  return harvestPolicy(config.harvest, 'desktop')
}

/** A harvest of a desktop that nobody has touched for an hour. */
async function device(env: Readonly<Record<string, string>> = {}) {
  const clock = new ManualClock()
  await clock.advance(3_600_000)
  const said: Partial<Signals> = {
    lastInputAtMs: 0,
    cpu: { busyFraction: 0, ownFraction: 0, cores: 4 },
    gpus: [],
    thermal: [{ name: 'package', part: 'cpu', celsius: 40 }],
  }
  const looks: boolean[] = []
  const decided: Decision[] = []
  let work: WorkHere = { cpu: 'none', gpu: 'none', interactive: false }
  let isolation: Isolation | undefined = { backgroundFraction: 0.01 }
  const wish = await OwnerWish.fromFolder(folder, SILENT_LOGGER)
  const harvest = new Harvest(
    {
      clock,
      logger: SILENT_LOGGER,
      signals: {
        get readings(): Readings {
          const entries = Object.entries(said)
          const nowMs = clock.monotonicMs()
          return Object.fromEntries(entries.map(([name, value]) => [name, known(value, nowMs)]))
        },
        look: (working) => looks.push(working),
        dueMs: () => 0,
        say: (_name, values) => Object.assign(said, values),
        start: async () => undefined,
        stop: async () => undefined,
      },
      wish,
      work: () => work,
      apply: (each) => decided.push(each),
      record: () => undefined,
      measureIsolation: async () => isolation,
      zoneMinutes: () => 0,
    },
    policy(env),
  )
  return {
    clock,
    harvest,
    looks,
    decided,
    said,
    setWork: (cpu: WorkHere['cpu']) => {
      work = { cpu, gpu: 'none', interactive: false }
    },
    setIsolation: (fraction: number | undefined) => {
      isolation = fraction === undefined ? undefined : { backgroundFraction: fraction }
    },
  }
}

const never = new AbortController().signal

describe('harvest', () => {
  it('looks rarely while nobody works here, and often while somebody does', async () => {
    const { clock, harvest, looks, setWork } = await device({ BRUME_HARVEST_PROBE_MS: '0' })
    await harvest.start(never)
    await clock.advance(60_000)
    expect(looks.length).toBeLessThan(15)
    setWork('running')
    harvest.wake()
    await clock.advance(1_000)
    expect(looks.slice(-4)).toEqual([true, true, true, true])
    await harvest.stop()
  })

  it('decides at once on what tells by itself', async () => {
    const { clock, harvest, said, decided, setWork } = await device({ BRUME_HARVEST_PROBE_MS: '0' })
    setWork('running')
    await harvest.start(never)
    await clock.advance(120_000)
    expect(harvest.decision).toMatchObject({ state: 'HARVEST_FULL', offerQuarters: 4 })
    Object.assign(said, { exclusiveApps: ['game'] })
    const before = decided.length
    harvest.wake()
    harvest.wake()
    await clock.advance(15)
    expect(decided.slice(before).map(({ levels }) => levels.cpu)).toEqual([0])
    expect(harvest.decision.giveBack.cpu.step).toBe('yield')
    await harvest.stop()
  })

  it('measures once whether its work would be felt, when nobody is there to feel it', async () => {
    const { clock, harvest, said } = await device()
    await harvest.start(never)
    await clock.advance(10_000)
    expect(said.isolation).toEqual({ backgroundFraction: 0.01 })
    expect(harvest.decision.state).toBe('HARVEST_FULL')
    await harvest.stop()
  })

  it('obeys the owner at once, for as long as was said, and after a restart', async () => {
    const first = await device({ BRUME_HARVEST_PROBE_MS: '0' })
    await first.harvest.start(never)
    const untilWallMs = first.clock.wallMs() + 3_600_000
    const paused = await first.harvest.obey({ mode: 'pause', untilWallMs })
    expect([paused.levels.cpu, paused.reasons[0]?.code]).toEqual([0, 'PAUSED_BY_USER'])
    await first.harvest.stop()

    const second = await device({ BRUME_HARVEST_PROBE_MS: '0' })
    await second.harvest.start(never)
    expect(second.harvest.decision.reasons[0]?.code).toBe('PAUSED_BY_USER')
    await second.clock.advance(3_700_000)
    expect(second.harvest.decision.levels.cpu).toBe(1)
    await second.harvest.stop()
  })

  it('takes a wish that it cannot read for a pause', async () => {
    writeFileSync(join(folder, 'harvest-wish.json'), '{"mode":"fly"}')
    expect((await OwnerWish.fromFolder(folder, SILENT_LOGGER)).current).toEqual({ mode: 'pause' })
    writeFileSync(join(folder, 'harvest-wish.json'), '\0\0')
    const wish = await OwnerWish.fromFolder(folder, SILENT_LOGGER)
    await wish.set({ mode: 'none' })
    expect((await OwnerWish.fromFolder(folder, SILENT_LOGGER)).current).toEqual({ mode: 'none' })
  })
})

it('counts from midnight on', () => {
  let total = 100
  let day = 'Monday'
  const meter = new DayMeter(
    () => total,
    () => day,
  )
  total = 150
  expect(meter.today()).toBe(50)
  day = 'Tuesday'
  expect(meter.today()).toBe(0)
  total = 151
  expect(meter.today()).toBe(1)
})
