/**
 * A scenario about a whole mesh: what is drawn from the seed, and which invariants must hold.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import type { Outcome, RunOptions, Scenario } from '../scenario.ts'
import { shrunk } from '../shrinking.ts'
import { historyOf, type MeshHistory } from './mesh-history.ts'
import { REAL_KEYS, SIM_KEYS } from './mesh-keys.ts'
import type { MeshPlan } from './mesh-plan.ts'
import { TROUBLE } from './mesh-weather.ts'
import { MeshWorld } from './mesh-world.ts'

/** An invariant: what is wrong with a mesh, as sentences; nothing when it holds. */
export type MeshChecker = (world: MeshWorld, history: MeshHistory) => readonly string[]

export interface MeshScenarioInit {
  readonly name: string
  readonly question: string
  /** One, if it is left out: a whole mesh takes about a second. */
  readonly testSeeds?: number
  /** True for one that always signs with real keys. */
  readonly ed25519?: boolean
  readonly plan: (random: SeededRandom) => MeshPlan
  readonly checkers: readonly MeshChecker[]
}

/** A scenario that runs a mesh over its epochs. */
export function meshScenario(init: MeshScenarioInit): Scenario {
  const { name, question, testSeeds = 1 } = init

  return {
    name,
    question,
    testSeeds,
    run: (seed, options) => outcomeOf(init, seed, { ...options, changed: (drawn) => drawn }),
    async shrink(seed, options) {
      const drawn = init.plan(SeededRandom.fromInteger(seed))
      const outcomeBy = (plan: MeshPlan): Promise<Outcome> =>
        outcomeOf(init, seed, { ...options, changed: () => plan })
      if ((await outcomeBy(drawn)).violations.length === 0) return undefined
      const trial = async (plan: MeshPlan): Promise<readonly string[]> =>
        (await outcomeBy(plan)).violations
      const smallest = await shrunk<MeshPlan>(drawn, TROUBLE, trial)
      const plan = JSON.stringify(smallest, (_, value: unknown) =>
        value instanceof Map ? [...value] : value,
      )
      return { plan, outcome: await outcomeBy(smallest) }
    },
  }
}

interface MeshRun extends RunOptions {
  /** What is done instead of what was drawn: the draws of the run itself stay the same. */
  readonly changed: (drawn: MeshPlan) => MeshPlan
}

async function outcomeOf(
  { plan, checkers, ed25519 }: MeshScenarioInit,
  seed: number,
  run: MeshRun,
): Promise<Outcome> {
  const random = SeededRandom.fromInteger(seed)
  const keys = (run.ed25519 ?? ed25519) === true ? REAL_KEYS : SIM_KEYS
  const world = await new MeshWorld(run.changed(plan(random)), { random, keys }).run()
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
}
