/**
 * A scenario about a whole mesh: what is drawn from the seed, and which invariants must hold.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import type { Outcome, Scenario } from '../scenario.ts'
import { historyOf, type MeshHistory } from './mesh-history.ts'
import type { MeshPlan } from './mesh-plan.ts'
import { MeshWorld } from './mesh-world.ts'

/** An invariant: what is wrong with a mesh, as sentences; nothing when it holds. */
export type MeshChecker = (world: MeshWorld, history: MeshHistory) => readonly string[]

export interface MeshScenarioInit {
  readonly name: string
  readonly question: string
  /** One, if it is left out: a whole mesh takes about a second. */
  readonly testSeeds?: number
  readonly plan: (random: SeededRandom) => MeshPlan
  readonly checkers: readonly MeshChecker[]
}

/** A scenario that runs a mesh over its epochs. */
export function meshScenario(init: MeshScenarioInit): Scenario {
  const { name, question, plan, checkers, testSeeds = 1 } = init

  return {
    name,
    question,
    testSeeds,
    async run(seed: number): Promise<Outcome> {
      const random = SeededRandom.fromInteger(seed)
      const world = await new MeshWorld(plan(random), random).run()
      const history = await historyOf(world)
      const { clock } = world
      const { events, nowMs, story } = clock
      return {
        violations: checkers.flatMap((check) => check(world, history)),
        events,
        traceHash: clock.traceHash(),
        virtualMs: nowMs,
        story,
      }
    },
  }
}
