/**
 * What is done to the devices of a simulated session, and when.
 *
 * @module
 */

import type { SeededRandom } from '../core/random.ts'

/** Faults strike whoever holds `stage` at that moment. */
export type Fault = { readonly atMs: number; readonly stage: number } & (
  | { readonly type: 'kill'; readonly flushed: boolean }
  /** Nobody is told. */
  | { readonly type: 'power-cut' }
  | { readonly type: 'hang'; readonly forMs: number }
  /** It answers, and computes nothing any more. */
  | { readonly type: 'freeze' }
  /** The holder of the stage no longer reaches the holder of the next. */
  | { readonly type: 'cut'; readonly forMs: number }
  /** The holder no longer reaches any device but the requester. */
  | { readonly type: 'isolate'; readonly forMs: number }
  | { readonly type: 'leave'; readonly graceMs: number }
  | { readonly type: 'crash' }
  /** The requester is the one who hangs. */
  | { readonly type: 'sleep'; readonly forMs: number }
)

/** One of the types of {@link Fault}. */
export type FaultType = Fault['type']

/** Faults of some types at random moments and stages. */
export interface FaultDraw {
  readonly types: readonly FaultType[]
  readonly countMax: number
  readonly untilMs: number
  /** How long what passes lasts at most. */
  readonly forMsMax: number
  readonly stages: number
}

/** Draws up to `countMax` faults; some of them strike neighbours within a moment. */
export function drawFaults(random: SeededRandom, draw: FaultDraw): readonly Fault[] {
  const count = below(random, draw.countMax + 1)
  const faults = Array.from({ length: count }, () => drawFault(random, draw))
  const first = faults[0]
  if (first === undefined || draw.stages < 2 || random.fraction() < 0.5) return faults
  const stage = first.stage > 0 ? first.stage - 1 : 1
  return [...faults, { ...first, stage, atMs: first.atMs + random.fraction() * 20 }]
}

/** A whole number from [0, `bound`). */
export function below(random: SeededRandom, bound: number): number {
  return Math.floor(random.fraction() * bound)
}

/** A few of `all`, in no order, each as likely as another. */
export function someOf<T>(random: SeededRandom, all: readonly T[], count: number): readonly T[] {
  const left = [...all]
  const chosen: T[] = []
  while (chosen.length < count && left.length > 0) {
    chosen.push(...left.splice(below(random, left.length), 1))
  }
  return chosen
}

function drawFault(random: SeededRandom, draw: FaultDraw): Fault {
  const type = draw.types[below(random, draw.types.length)] ?? 'kill'
  const atMs = random.fraction() * draw.untilMs
  const stage = below(random, draw.stages)
  const forMs = random.fraction() * draw.forMsMax
  switch (type) {
    case 'kill':
      return { type, atMs, stage, flushed: random.fraction() < 0.5 }
    case 'leave':
      return { type, atMs, stage, graceMs: forMs }
    case 'hang':
    case 'cut':
    case 'isolate':
    case 'sleep':
      return { type, atMs, stage, forMs }
    case 'power-cut':
    case 'crash':
    case 'freeze':
      return { type, atMs, stage }
  }
}

/** When the last of it is over: from then on nothing is done to any device. */
export function calmMs(faults: readonly Fault[]): number {
  return Math.max(
    0,
    ...faults.map((fault) => {
      if ('forMs' in fault) return fault.atMs + fault.forMs
      return fault.type === 'leave' ? fault.atMs + fault.graceMs : fault.atMs
    }),
  )
}
