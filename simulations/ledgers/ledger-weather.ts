/**
 * Work, trouble and liars of a simulated mesh with ledgers, from the seed: each kind of trouble is there for a whole
 * run, or not at all.
 *
 * @module
 */

import type { SeededRandom } from '../../core/random.ts'
import { below, someOf } from '../faults.ts'
import { CALM_NET } from '../meshes/mesh-net.ts'
import { drawDrift, drawNet, drawWays } from '../meshes/mesh-weather.ts'
import { LEDGER_LIARS, type LedgerLiarName } from './ledger-liars.ts'
import type { DealPlan, LedgerFault, LedgerFaultKind, LedgerPlan } from './ledger-plan.ts'

const EPOCH_MS = 30_000
/** Long enough for what is retried to be retried, and for heads to be shown and compared. */
const CALM_MS = 100_000
const FAULTS_MAX = 10
const FAULT_MS_MAX = 30_000
const CLOCK_STEP_MS_MAX = 3_600_000
const SLOW_WRITE_MS_MAX = 2_000
/** Deals of one device in all, as who orders. */
const DEALS_MIN = 2
const DEALS_MAX = 5

/** What a device survives without a loss, and what it does not. */
export const CRASHES: readonly LedgerFaultKind[] = [
  'crash',
  'power-cut',
  'crash-in-write',
  'stop',
  'hang',
  'clock',
  'disk',
]
export const LOSSES: readonly LedgerFaultKind[] = ['rot', 'wipe', 'restore']

export const LEDGER_PEACE: Omit<LedgerPlan, 'devices' | 'deals'> = {
  anchors: 1,
  epochMs: EPOCH_MS,
  restlessMs: 120_000,
  calmMs: CALM_MS,
  liars: new Map(),
  driftPpm: [],
  net: CALM_NET,
  faults: [],
  ways: [],
}

/** All that can be left out of a plan. */
export const LEDGER_TROUBLE: Pick<LedgerPlan, 'liars' | 'driftPpm' | 'net' | 'faults' | 'ways'> = {
  liars: new Map(),
  driftPpm: [],
  net: CALM_NET,
  faults: [],
  ways: [],
}

export interface LedgerDraw {
  readonly devices: number
  readonly restlessMs: number
  readonly kinds: readonly LedgerFaultKind[]
  readonly liars: ReadonlyMap<number, LedgerLiarName>
}

/** All of it. */
export function drawLedgers(random: SeededRandom, draw: LedgerDraw): LedgerPlan {
  const { devices, restlessMs, kinds, liars } = draw
  const chosen = kinds.filter(() => random.fraction() < 0.6)
  const honest = Array.from({ length: devices }, (_, at) => at).filter((at) => !liars.has(at))
  const span = { fromMs: 10_000, toMs: restlessMs, devices, epochMs: restlessMs }
  return {
    ...LEDGER_PEACE,
    devices,
    restlessMs,
    liars,
    driftPpm: random.fraction() < 0.5 ? drawDrift(random, devices) : [],
    net: kinds.length === 0 ? CALM_NET : drawNet(random),
    faults: chosen.length === 0 ? [] : drawLedgerFaults(random, { kinds: chosen, honest, span }),
    ways: kinds.length > 0 && random.fraction() < 0.5 ? drawWays(random, span) : [],
    deals: [...drawDeals(random, draw), ...dealsOfLiars(random, draw)],
  }
}

/** Some liars among so many devices, never the first, where trust starts; those who need another one come in pairs. */
export function drawLedgerLiars(
  random: SeededRandom,
  devices: number,
  count: number,
): ReadonlyMap<number, LedgerLiarName> {
  const all = Array.from({ length: devices - 1 }, (_, at) => 1 + at)
  const places = someOf(random, all, count)
  const names = places.map(() => LEDGER_LIARS[below(random, LEDGER_LIARS.length)] ?? 'forgetful')
  const inflater = names.indexOf('inflater')
  if (inflater >= 0) names[inflater === 0 ? names.length - 1 : 0] = 'inflater'
  return new Map(places.map((place, at) => [place, names[at] ?? 'forgetful']))
}

interface FaultDraw {
  readonly kinds: readonly LedgerFaultKind[]
  readonly honest: readonly number[]
  readonly span: { readonly fromMs: number; readonly toMs: number }
}

function drawLedgerFaults(
  random: SeededRandom,
  { kinds, honest, span }: FaultDraw,
): readonly LedgerFault[] {
  return Array.from({ length: 1 + below(random, FAULTS_MAX) }, () => {
    const type = kinds[below(random, kinds.length)] ?? 'crash'
    const device = honest[below(random, honest.length)] ?? 0
    const atMs = span.fromMs + (span.toMs - span.fromMs) * random.fraction()
    const forMs = Math.min(span.toMs - atMs, FAULT_MS_MAX * random.fraction())
    return drawFault(random, type, { atMs, device, forMs })
  }).flat()
}

function drawFault(
  random: SeededRandom,
  type: LedgerFaultKind,
  when: { readonly atMs: number; readonly device: number; readonly forMs: number },
): readonly LedgerFault[] {
  const { atMs, device, forMs } = when
  switch (type) {
    case 'clock': {
      const offMs = CLOCK_STEP_MS_MAX * (2 * random.fraction() - 1) * random.fraction()
      return [
        { type, atMs, device, offMs },
        { type, atMs: atMs + forMs, device, offMs: 200 * (random.fraction() - 0.5) },
      ]
    }
    case 'disk': {
      const fault = (['none', 'full', 'broken'] as const)[below(random, 3)] ?? 'none'
      const writeMsMax = SLOW_WRITE_MS_MAX * random.fraction()
      return [{ type, ...when, state: { writeMsMax, fault } }]
    }
    case 'crash-in-write':
      return [{ type, ...when, moment: random.fraction() < 0.5 ? 'during' : 'after' }]
    case 'restore':
      return [{ type, atMs, device, laterMs: forMs / 2, forMs: forMs / 2 }]
    default:
      return [{ type, ...when }]
  }
}

/** Everybody orders a few things of others; work goes on until it is calm, and for a while then. */
function drawDeals(
  random: SeededRandom,
  { devices, restlessMs, liars }: LedgerDraw,
): readonly DealPlan[] {
  const back = [...liars.values()].filter((name) => name === 'whitewasher').length
  const all = Array.from({ length: devices + back }, (_, at) => at)
  return all.flatMap((requester) => {
    const isLate = requester >= devices
    const count = DEALS_MIN + below(random, DEALS_MAX - DEALS_MIN + 1)
    return Array.from({ length: count }, () => {
      const provider = others(all, requester)[below(random, all.length - 1)] ?? 0
      const fromMs = isLate || provider >= devices ? restlessMs / 2 + 5_000 : 5_000
      const atMs = fromMs + (restlessMs + 30_000 - fromMs) * random.fraction()
      return drawDeal(random, { atMs, requester, provider })
    })
  })
}

function others(all: readonly number[], one: number): readonly number[] {
  return all.filter((other) => other !== one)
}

function drawDeal(
  random: SeededRandom,
  who: Pick<DealPlan, 'atMs' | 'requester' | 'provider'>,
): DealPlan {
  const isLong = random.fraction() < 0.3
  return {
    ...who,
    mode: random.fraction() < 0.6 ? 'stream' : 'simple',
    steps: isLong ? 20 + below(random, 60) : 1 + below(random, 8),
    stepMs: 100 + 900 * random.fraction(),
    rows: 1 + below(random, 200),
  }
}

/** Those who sign what was never done do so again and again. */
function dealsOfLiars(
  random: SeededRandom,
  { restlessMs, liars }: LedgerDraw,
): readonly DealPlan[] {
  const inflaters = [...liars].filter(([, name]) => name === 'inflater').map(([number]) => number)
  return inflaters.flatMap((requester) =>
    others(inflaters, requester).flatMap((provider) =>
      Array.from({ length: 3 }, () => ({
        ...drawDeal(random, { atMs: restlessMs * random.fraction(), requester, provider }),
        steps: 1,
      })),
    ),
  )
}
