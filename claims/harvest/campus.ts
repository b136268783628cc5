/**
 * A day of a campus of a thousand devices, each with people, heat and its own governor.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { CampusWorld } from '../../simulations/campus-world.ts'
import { violationsOf } from '../../simulations/scenarios/campus-day.ts'
import type { Claim } from '../claim.ts'

const DEVICES = 1_000
const STAGES = 3
const TICK_MS = 30_000
const SEED = 1
const HARVESTED_MIN = 0.5

export const claim: Claim = {
  sentence: 'A day of a thousand devices with people and heat loses no work and disturbs nobody.',
  goal: `no work lost, nobody disturbed, never hot, ≥ ${100 * HARVESTED_MIN} % of idle capacity used (simulated)`,
  run: ({ say }) => {
    const plan = { devices: DEVICES, tickMs: TICK_MS, stages: STAGES, sessions: 2 * DEVICES }
    const world = new CampusWorld(plan, SeededRandom.fromInteger(SEED)).run()
    const { totals } = world
    const violations = violationsOf(world)
    for (const violation of violations) say(violation)
    const harvested = totals.coreMs / totals.idleCoreMs
    const replayed = totals.replayedCoreMs / (totals.coreMs + totals.replayedCoreMs)
    say(`${world.events} ticks of governors, trace ${world.traceHash().slice(0, 16)}`)
    return Promise.resolve({
      met: violations.length === 0 && harvested >= HARVESTED_MIN,
      figure: `${totals.sessionsDone} sessions of ${STAGES} stages, ${totals.moves} moves cost ${(100 * replayed).toFixed(2)} % of the work, ${(100 * harvested).toFixed(0)} % of idle capacity, ${totals.disturbedMs / 1_000} s disturbed`,
      facts: { ...totals, harvested },
    })
  },
}
