import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HARVEST_TEMPLATE_NAMES } from '../../../config/index.ts'
import {
  type Changes,
  IDLE_DESKTOP,
  policyOf,
  ScriptedDevice,
} from '../../../test/fixtures/scripted-device.ts'
import { GOVERNOR_STATES } from '../decision.ts'
import { RESOURCES } from '../levels.ts'
import { unknown } from '../reading.ts'
import type { Cap } from '../rules/rule.ts'
import { lowestCaps, reasonsOf } from './combine.ts'
import { stepGovernor } from './governor.ts'

const RUNS = { numRuns: 25 }

/** One thing that happens, and how long it stays so. */
interface Moment {
  readonly changes: Changes
  readonly touched: boolean
  readonly lastMs: number
}

const shares = fc.double({ min: 0, max: 1, noNaN: true })
const garbage = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e300, undefined, 'x', null)

const happening: fc.Arbitrary<Changes> = fc.oneof(
  fc.record({ media: fc.boolean() }),
  fc.record({ fullscreen: fc.boolean() }),
  fc.record({ call: fc.boolean() }),
  fc.record({ exclusiveApps: fc.constantFrom([], ['game']) }),
  fc.record({ lidClosed: fc.boolean() }),
  fc.record({ sleepPending: fc.boolean() }),
  shares.map((busyFraction) => ({ cpu: { busyFraction, ownFraction: 0, cores: 8 } })),
  fc
    .double({ min: 20, max: 110, noNaN: true })
    .map((celsius) => ({ thermal: [{ name: 'package', part: 'cpu' as const, celsius }] })),
  shares.map((chargeFraction) => ({
    batteries: [{ name: 'BAT0', chargeFraction, status: 'discharging' as const }],
  })),
  fc.constant({ batteries: [] }),
  shares.map((fraction) => ({
    pressure: { ...IDLE_DESKTOP.pressure, memoryFullFraction: fraction, cpuSomeFraction: fraction },
  })),
  fc.constantFrom<Changes>(
    { wish: { mode: 'none' } },
    { wish: { mode: 'pause' } },
    { wish: { mode: 'finish' } },
    { wish: { mode: 'boost' } },
  ),
  fc.record({ disk: fc.constantFrom({ freeBytes: 0 }, { freeBytes: 1e12 }) }),
  fc.constantFrom(...(Object.keys(IDLE_DESKTOP) as (keyof Changes)[])).map((name) => ({
    [name]: unknown('gone'),
  })),
  fc
    .tuple(fc.constantFrom(...(Object.keys(IDLE_DESKTOP) as (keyof Changes)[])), garbage)
    .map(([name, value]) => ({ [name]: { quality: 'known', value, atMs: 0 } })),
)

const moments: fc.Arbitrary<readonly Moment[]> = fc.array(
  fc.record({
    changes: happening,
    touched: fc.boolean(),
    lastMs: fc.constantFrom(250, 1_000, 20_000, 200_000),
  }),
  { maxLength: 12 },
)

const templates = fc.constantFrom(...HARVEST_TEMPLATE_NAMES)

/** What only ever takes something away from work. */
const restriction: fc.Arbitrary<Changes> = fc.constantFrom<Changes>(
  { media: true },
  { fullscreen: true },
  { call: true },
  { inhibitors: [{ what: 'idle', by: 'player' }] },
  { exclusiveApps: ['game'] },
  { cpu: { busyFraction: 1, ownFraction: 0, cores: 8 } },
  { thermal: [{ name: 'package', part: 'cpu', celsius: 120 }] },
  { batteries: [{ name: 'BAT0', chargeFraction: 0.1, status: 'discharging' }] },
  { wish: { mode: 'pause' } },
  { disk: { freeBytes: 0 } },
  { sleepPending: true },
  { board: { underVoltage: true, throttled: true } },
  { network: { metered: true, todayBytes: 0 } },
  { isolation: { backgroundFraction: 1 } },
)

/** A restriction, and a history in which what it is about can be read. */
const restricted = fc.tuple(moments, restriction).map(([history, restricting]) => ({
  history: history.filter(({ changes }) => !spoils(changes, restricting)),
  restricting,
}))

/**
 * True when `changes` make a signal unreadable of which `restricting` says something: to know that
 * the processor is hot takes less from the GPU than to know nothing of any temperature.
 */
function spoils(changes: Changes, restricting: Changes): boolean {
  return Object.entries(changes).some(
    ([name, said]) =>
      name in restricting && typeof said === 'object' && said !== null && 'quality' in said,
  )
}

function play(device: ScriptedDevice, history: readonly Moment[]) {
  return history.flatMap(({ changes, touched, lastMs }) => {
    if (touched) device.touch()
    return device.set(changes).run(lastMs, Math.min(lastMs, 5_000))
  })
}

describe('whatever happens', () => {
  it('every second with a level of 0 has a reason, and every level is a share', () => {
    fc.assert(
      fc.property(templates, moments, (template, history) => {
        const decisions = play(new ScriptedDevice(policyOf(template)), history)
        return decisions.every(
          ({ levels, reasons, state, deadlineMs, atMs }) =>
            GOVERNOR_STATES.includes(state) &&
            deadlineMs > atMs &&
            RESOURCES.every(
              (name) =>
                levels[name] >= 0 &&
                levels[name] <= 1 &&
                (levels[name] > 0 ||
                  reasons.some(({ resource, cap }) => resource === name && cap === 0)),
            ),
        )
      }),
      RUNS,
    )
  })

  it('one more restriction raises no level', () => {
    fc.assert(
      fc.property(templates, restricted, (template, { history, restricting }) => {
        const device = new ScriptedDevice(policyOf(template))
        play(device, history)
        device.nowMs += 1_000
        device.wallMs += 1_000
        const { memory, policy } = device
        const free = stepGovernor(memory, device.sample(), policy).decision.levels
        const bound = stepGovernor(memory, device.sample(restricting), policy).decision.levels
        return RESOURCES.every((name) => bound[name] <= free[name])
      }),
      RUNS,
    )
  })

  it('a restriction that lasts all along raises none either', () => {
    fc.assert(
      fc.property(templates, restricted, (template, { history, restricting }) => {
        // How often work stops is no restriction: fewer stops may well make it less patient.
        const policy = policyOf(template, { flapStopsPerHourMax: 1_000 })
        const free = play(new ScriptedDevice(policy), history)
        const bound = play(new ScriptedDevice(policy).bind(restricting), history)
        return bound.every(({ levels }, tick) =>
          RESOURCES.every((name) => levels[name] <= (free[tick]?.levels[name] ?? 0)),
        )
      }),
      RUNS,
    )
  })

  it('what would disturb the owner ends at once', () => {
    const hard = fc.constantFrom<Changes>(
      { call: true },
      { exclusiveApps: ['game'] },
      { thermal: [{ name: 'package', part: 'cpu', celsius: 93 }] },
      { supplies: [{ name: 'ups', type: 'ups', online: false }] },
      { wish: { mode: 'pause' } },
      { sleepPending: true },
      { disk: { freeBytes: 0 } },
    )
    fc.assert(
      fc.property(moments, hard, (history, restricting) => {
        const device = new ScriptedDevice(policyOf('desktop'))
        play(device, history)
        return device.set(restricting).after(1_000).levels.cpu === 0
      }),
      RUNS,
    )
  })

  it('the same samples give the same decisions', () => {
    fc.assert(
      fc.property(templates, moments, (template, history) => {
        const [once, again] = [1, 2].map(() =>
          play(new ScriptedDevice(policyOf(template)), history),
        )
        expect(again).toEqual(once)
      }),
      { numRuns: 10 },
    )
  })
})

describe('caps', () => {
  it('come to the same levels and reasons in whichever order', () => {
    const cap: fc.Arbitrary<Cap> = fc.record({
      resource: fc.constantFrom(...RESOURCES),
      cap: fc.constantFrom(0, 0.25, 0.5, 1),
      code: fc.constantFrom('CPU_BUSY', 'MEDIA', 'ON_BATTERY'),
      unblocks: fc.constant('x'),
    })
    fc.assert(
      fc.property(fc.array(cap), (caps) => {
        const turned = caps.toReversed()
        expect(lowestCaps(turned)).toEqual(lowestCaps(caps))
        expect(reasonsOf(turned, new Map(), 0)).toEqual(reasonsOf(caps, new Map(), 0))
      }),
    )
  })
})
