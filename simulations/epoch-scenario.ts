/**
 * A scenario about one epoch: what is drawn from the seed, and which invariants must hold.
 *
 * Which types of faults there are is itself drawn, so that each seed has its own weather.
 *
 * @module
 */

import { SeededRandom } from '../core/random.ts'
import { LIARS, type LiarName } from './epoch-liars.ts'
import { type Cut, type EpochPlan, EpochWorld, type SeatFault } from './epoch-world.ts'
import { below } from './faults.ts'
import type { Outcome, Scenario } from './scenario.ts'

/** An invariant: what is wrong with an epoch, as sentences; nothing when it holds. */
export type EpochChecker = (world: EpochWorld) => readonly string[]

export interface EpochScenarioInit {
  readonly name: string
  readonly question: string
  readonly plan: (random: SeededRandom) => EpochPlan
  readonly checkers: readonly EpochChecker[]
}

/** Nothing happens to anybody. */
export const PEACE: Omit<EpochPlan, 'seats'> = {
  liars: new Map(),
  faults: [],
  cuts: [],
  loss: 0,
  doubling: 0,
  delayMsMax: 100,
  diskMsMax: 5,
  restlessMs: 0,
  doubt: 0,
  inBytes: false,
}

/** A scenario that runs one epoch. */
export function epochScenario({ name, question, plan, checkers }: EpochScenarioInit): Scenario {
  return {
    name,
    question,
    run(seed: number): Outcome {
      const random = SeededRandom.fromInteger(seed)
      const world = new EpochWorld(plan(random), random).run()
      const { clock } = world
      const { events, nowMs, story } = clock
      return {
        violations: checkers.flatMap((check) => check(world)),
        events,
        traceHash: clock.traceHash(),
        virtualMs: nowMs,
        story,
      }
    },
  }
}

/** Four seats to `max`, small committees most often: there each single vote decides most. */
export function drawSeats(random: SeededRandom, max: number): number {
  return 4 + Math.min(below(random, max - 3), below(random, max - 3))
}

/** Seats that do not keep the rules, each of any kind. */
export function drawLiars(
  random: SeededRandom,
  seats: number,
  count: number,
): ReadonlyMap<number, LiarName> {
  const liars = new Map<number, LiarName>()
  while (liars.size < count) {
    liars.set(below(random, seats), LIARS[below(random, LIARS.length)] ?? 'silent')
  }
  return liars
}

const RESTLESS_MS_MAX = 60_000
const FAULTS_MAX = 6
const CUTS_MAX = 4
const DOWN_MS_MAX = 15_000

/** Weather of all kinds, each on or off for the whole run. */
export function drawWeather(
  random: SeededRandom,
  seats: number,
): Omit<EpochPlan, 'seats' | 'liars'> {
  const restlessMs = random.fraction() * RESTLESS_MS_MAX
  const on = (): boolean => random.fraction() < 0.5
  const lossy = on()
  const slowDisk = on()
  const crashes = on()
  const parted = on()
  return {
    faults: crashes ? drawFaults(random, seats, restlessMs) : [],
    cuts: parted ? drawCuts(random, seats, restlessMs) : [],
    loss: lossy ? random.fraction() * 0.4 : 0,
    doubling: on() ? random.fraction() * 0.3 : 0,
    delayMsMax: on() ? 3_000 * random.fraction() : 200,
    diskMsMax: slowDisk ? 800 : 5,
    doubt: on() ? 0.5 * random.fraction() : 0,
    restlessMs,
    inBytes: false,
  }
}

/** A moment, an early one most often: what happens after a decision decides nothing. */
function drawMoment(random: SeededRandom, untilMs: number): number {
  const fraction = random.fraction()
  return untilMs * fraction * fraction * fraction
}

function drawFaults(random: SeededRandom, seats: number, untilMs: number): readonly SeatFault[] {
  return Array.from({ length: below(random, FAULTS_MAX + 1) }, () => {
    const seat = below(random, seats)
    const atMs = drawMoment(random, untilMs)
    // All are back before it is calm.
    const downMs = Math.min(random.fraction() * DOWN_MS_MAX, untilMs - atMs)
    return random.fraction() < 0.7
      ? { type: 'crash', seat, atMs, downMs }
      : { type: 'hang', seat, atMs, forMs: downMs }
  })
}

/** Some seats do not reach the others for a while; half of the time they are not reached either. */
function drawCuts(random: SeededRandom, seats: number, untilMs: number): readonly Cut[] {
  return Array.from({ length: 1 + below(random, CUTS_MAX) }, () => {
    const all = Array.from({ length: seats }, (_, seat) => seat)
    const from = all.filter(() => random.fraction() < 0.4)
    const to = all.filter((seat) => !from.includes(seat))
    const atMs = drawMoment(random, untilMs)
    const cut = { atMs, forMs: random.fraction() * (untilMs - atMs), from, to }
    return random.fraction() < 0.5 ? [cut] : [cut, { ...cut, from: to, to: from }]
  }).flat()
}
