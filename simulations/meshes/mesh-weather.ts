/**
 * The weather of a simulated mesh, from the seed: each kind of it is there for a whole run, or not at all.
 *
 * @module
 */

import type { SeededRandom } from '../../core/random.ts'
import { below, someOf } from '../faults.ts'
import { MESH_LIARS, type MeshLiarName } from './mesh-liars.ts'
import { CALM_NET, type NetWeather } from './mesh-net.ts'
import type { MeshClog, MeshCut, MeshFault, MeshPlan, MeshWish } from './mesh-plan.ts'

/** Between which moments something is done to which devices. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
  readonly devices: number
  readonly epochMs: number
}

const DRIFT_PPM_MAX = 500
const CLOCK_STEP_MS_MAX = 3_600_000
const FAULTS_MAX = 12
const WAYS_MAX = 6
/** Most that happens strikes while an epoch is decided, and half of that is over again before it is. */
const DECIDING_SHARE = 0.7
const DECIDING_MS_MAX = 8_000
const SLOW_WRITE_MS_MAX = 2_000
/** Calm, in epochs, and in time: the shortest epochs are over before somebody who is gone is missed. */
const CALM_EPOCHS = 7.7
const CALM_MS = 30_000

export const PEACE: Omit<MeshPlan, 'devices' | 'epochMs'> = {
  peaceEpochs: 8,
  restlessEpochs: 0,
  calmEpochs: CALM_EPOCHS,
  liars: new Map(),
  driftPpm: [],
  net: CALM_NET,
  faults: [],
  ways: [],
  wishes: [],
}

/** So many devices that do not keep the rules; the founder, who decides alone in the beginning, is none of them. */
export function drawMeshLiars(
  random: SeededRandom,
  devices: number,
  count: number,
): ReadonlyMap<number, MeshLiarName> {
  const others = Array.from({ length: devices - 1 }, (_, at) => 1 + at)
  return new Map(
    someOf(random, others, count).map((device) => [
      device,
      MESH_LIARS[below(random, MESH_LIARS.length)] ?? 'silent',
    ]),
  )
}

/** All that can be left out of a plan. */
export const TROUBLE: Pick<MeshPlan, 'liars' | 'driftPpm' | 'net' | 'faults' | 'ways' | 'wishes'> =
  {
    liars: new Map(),
    driftPpm: [],
    net: CALM_NET,
    faults: [],
    ways: [],
    wishes: [],
  }

/** When something begins, and for how long it lasts. */
function drawTime(
  random: SeededRandom,
  { fromMs, toMs, epochMs }: Span,
): { readonly atMs: number; readonly forMs: number } {
  const anyMs = fromMs + (toMs - fromMs) * random.fraction()
  const decidingMs = Math.min(DECIDING_MS_MAX, epochMs / 3)
  const cutMs = Math.floor(anyMs / epochMs) * epochMs + Math.min(30_000, epochMs / 10)
  const late = random.fraction()
  const isDeciding = random.fraction() < DECIDING_SHARE && cutMs > fromMs
  const atMs = isDeciding ? cutMs + decidingMs * late * late * late : anyMs
  const longestMs = random.fraction() < 0.5 ? decidingMs : toMs - atMs
  return { atMs, forMs: Math.min(toMs - atMs, longestMs) * random.fraction() }
}

/** How quick each clock is. */
export function drawDrift(random: SeededRandom, devices: number): readonly number[] {
  return Array.from({ length: devices }, () => DRIFT_PPM_MAX * (2 * random.fraction() - 1))
}

/** Ways that are long now and then, lose, double, and carry little. */
export function drawNet(random: SeededRandom): NetWeather {
  const on = (): boolean => random.fraction() < 0.5
  return {
    latency: on()
      ? { medianMs: 10 + 200 * random.fraction(), sigma: 0.5 + random.fraction(), msMax: 20_000 }
      : CALM_NET.latency,
    loss: on() ? 0.3 * random.fraction() : 0,
    doubling: on() ? 0.2 * random.fraction() : 0,
    bytesPerMs: on() ? 10 + 90 * random.fraction() : CALM_NET.bytesPerMs,
  }
}

export type FaultKind = MeshFault['type']

/** Up to so many faults of these kinds; all that was stopped runs again before the span is over. */
export function drawFaults(
  random: SeededRandom,
  span: Span,
  kinds: readonly FaultKind[],
): readonly MeshFault[] {
  const all = Array.from({ length: span.devices }, (_, device) => device)
  // Whoever lost its votes abstains: were they more than a third, nobody could ever go on.
  const losing = someOf(random, all, Math.floor((span.devices - 1) / 3))
  return Array.from({ length: below(random, FAULTS_MAX + 1) }, () => {
    const type = kinds[below(random, kinds.length)] ?? 'crash'
    const those = type === 'wipe' || type === 'rot' ? losing : all
    const device = those[below(random, those.length)] ?? 0
    return drawFault(random, type, { ...drawTime(random, span), device })
  }).flat()
}

function drawFault(
  random: SeededRandom,
  type: FaultKind,
  {
    atMs,
    device,
    forMs,
  }: { readonly atMs: number; readonly device: number; readonly forMs: number },
): readonly MeshFault[] {
  switch (type) {
    case 'clock': {
      const offMs = CLOCK_STEP_MS_MAX * (2 * random.fraction() - 1) * random.fraction()
      // Whoever looks after it sets it right before it is calm.
      const right = { type, atMs: atMs + forMs, device, offMs: 200 * (random.fraction() - 0.5) }
      return [{ type, atMs, device, offMs }, right]
    }
    case 'disk': {
      const fault = (['none', 'full', 'broken'] as const)[below(random, 3)] ?? 'none'
      const writeMsMax = SLOW_WRITE_MS_MAX * random.fraction()
      return [{ type, atMs, device, forMs, state: { writeMsMax, fault } }]
    }
    default:
      return [{ type, atMs, device, forMs }]
  }
}

/** Ways that are cut, one way or both, or clogged. */
export function drawWays(random: SeededRandom, span: Span): readonly (MeshCut | MeshClog)[] {
  const { devices } = span
  const all = Array.from({ length: devices }, (_, device) => device)
  return Array.from({ length: 1 + below(random, WAYS_MAX) }, () => {
    const from = someOf(random, all, 1 + below(random, devices - 1))
    const to = all.filter((device) => !from.includes(device))
    const { atMs, forMs } = drawTime(random, span)
    if (random.fraction() < 0.3)
      return [{ type: 'clog' as const, atMs, forMs: forMs / 4, from, to }]
    const cut = { type: 'cut' as const, atMs, forMs, from, to }
    return random.fraction() < 0.4 ? [cut] : [cut, { ...cut, from: to, to: from }]
  }).flat()
}

/** Devices that join, leave and get an owner; the founder stays as it is. */
export function drawWishes(
  random: SeededRandom,
  { fromMs, toMs, devices }: Span,
): readonly MeshWish[] {
  const moment = (): number => fromMs + (toMs - fromMs) * random.fraction()
  const joins = Array.from({ length: below(random, 4) }, () => ({
    type: 'join' as const,
    atMs: moment(),
    device: 0,
  }))
  const others = Array.from({ length: devices - 1 }, (_, at) => 1 + at)
  const [leaving, bound] = someOf(random, others, 2)
  const leaves =
    leaving === undefined ? [] : [{ type: 'leave' as const, atMs: moment(), device: leaving }]
  const binds =
    bound === undefined || random.fraction() < 0.5
      ? []
      : [{ type: 'bind' as const, atMs: moment(), device: bound, owner: 0 }]
  return [...joins, ...leaves, ...binds]
}

export interface WeatherInit {
  readonly devices: number
  readonly epochMs: number
  readonly restlessEpochs: number
  readonly kinds: readonly FaultKind[]
}

/** All of it. */
export function drawWeather(
  random: SeededRandom,
  { devices, epochMs, restlessEpochs, kinds }: WeatherInit,
): MeshPlan {
  const fromMs = PEACE.peaceEpochs * epochMs
  const span = { fromMs, toMs: fromMs + restlessEpochs * epochMs, devices, epochMs }
  const chosen = kinds.filter(() => random.fraction() < 0.6)
  return {
    ...PEACE,
    devices,
    epochMs,
    restlessEpochs,
    calmEpochs: CALM_EPOCHS + Math.floor(CALM_MS / epochMs),
    driftPpm: random.fraction() < 0.5 ? drawDrift(random, devices) : [],
    net: drawNet(random),
    faults: chosen.length === 0 ? [] : drawFaults(random, span, chosen),
    ways: random.fraction() < 0.5 ? drawWays(random, span) : [],
  }
}
