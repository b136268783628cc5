/**
 * A day of a campus with people and heat.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { CampusWorld } from '../campus-world.ts'
import { below } from '../faults.ts'
import type { Outcome, Scenario } from '../scenario.ts'

const TICK_MS = 30_000
const DAY_MS = 86_400_000
/** Part of a sum that many additions of fractions may be off by. */
const ROUNDING = 1e-9

export const campusDay: Scenario = {
  name: 'campus-day',
  question: 'does a day of people and heat lose no work, and disturb nobody?',
  run(seed: number): Outcome {
    const random = SeededRandom.fromInteger(seed)
    const devices = 4 + below(random, 4)
    const plan = { devices, tickMs: TICK_MS, stages: 1 + below(random, 3), sessions: devices }
    const world = new CampusWorld(plan, random).run()
    return {
      violations: violationsOf(world),
      events: world.events,
      traceHash: world.traceHash(),
      virtualMs: DAY_MS,
      story: [JSON.stringify({ ...plan, ...world.totals })],
    }
  },
}

/** What is wrong with the day, as sentences. */
export function violationsOf(world: CampusWorld): readonly string[] {
  const { coreMs, disturbedMs, hottestOverCelsius, sessionsDone } = world.totals
  const kept = world.settledCoreMs + world.openCoreMs
  return [
    ...(Math.abs(coreMs - kept) <= ROUNDING * coreMs ? [] : [`did ${coreMs} ms, and has ${kept}`]),
    ...(disturbedMs === 0 ? [] : [`${disturbedMs} ms of work disturbed somebody`]),
    ...(hottestOverCelsius <= 2 ? [] : [`${hottestOverCelsius} °C above the hard limit`]),
    ...(sessionsDone > 0 ? [] : ['no session was done in a day']),
  ]
}
