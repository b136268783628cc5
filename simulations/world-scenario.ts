/**
 * A scenario that runs one world by a plan which is drawn from the seed, and can make that plan smaller.
 *
 * @module
 */

import { SeededRandom } from '../core/random.ts'
import { type MeshKeys, REAL_KEYS, SIM_KEYS } from './meshes/mesh-keys.ts'
import type { Outcome, RunOptions, Scenario } from './scenario.ts'
import { shrunk } from './shrinking.ts'
import type { SimClock } from './sim-clock.ts'

/** What every such world has. */
interface TimedWorld {
  readonly clock: SimClock
}

/** Worlds of one kind. */
export interface WorldKind<Plan extends object, World extends TimedWorld, History> {
  /** Runs a world to its end. */
  run(plan: Plan, draws: { readonly random: SeededRandom; readonly keys: MeshKeys }): Promise<World>
  /** What came of it, for checkers. */
  history(world: World): Promise<History>
  /** What went wrong while it ran, as sentences. */
  mishaps(world: World): readonly string[]
  /** What the parts of a plan are in which nothing happens. */
  readonly peace: Partial<Plan>
}

/** What is asked of such a world. */
export interface WorldQuestion<Plan, World, History> {
  readonly name: string
  readonly question: string
  /** One, if it is left out: such a world takes about a second. */
  readonly testSeeds?: number
  /** True for one that always signs with real keys. */
  readonly ed25519?: boolean
  readonly plan: (random: SeededRandom) => Plan
  /** Invariants: what is wrong, as sentences; nothing when it holds. */
  readonly checkers: readonly ((world: World, history: History) => readonly string[])[]
}

interface WorldRun<Plan> extends RunOptions {
  readonly seed: number
  /** What is done instead of what was drawn: the draws of the run itself stay the same. */
  readonly changed: (drawn: Plan) => Plan
}

export function worldScenario<Plan extends object, World extends TimedWorld, History>(
  kind: WorldKind<Plan, World, History>,
  asked: WorldQuestion<Plan, World, History>,
): Scenario {
  const { name, question, testSeeds = 1 } = asked
  return {
    name,
    question,
    testSeeds,
    run: (seed, options) => outcomeOf(kind, asked, { ...options, seed, changed: (drawn) => drawn }),
    async shrink(seed, options) {
      const drawn = asked.plan(SeededRandom.fromInteger(seed))
      const outcomeBy = (plan: Plan): Promise<Outcome> =>
        outcomeOf(kind, asked, { ...options, seed, changed: () => plan })
      if ((await outcomeBy(drawn)).violations.length === 0) return undefined
      const trial = async (plan: Plan): Promise<readonly string[]> =>
        (await outcomeBy(plan)).violations
      const smallest = await shrunk<Plan>(drawn, kind.peace, trial)
      const plan = JSON.stringify(smallest, (_, value: unknown) =>
        value instanceof Map ? [...value] : value,
      )
      return { plan, outcome: await outcomeBy(smallest) }
    },
  }
}

async function outcomeOf<Plan extends object, World extends TimedWorld, History>(
  kind: WorldKind<Plan, World, History>,
  { plan, checkers, ed25519 }: WorldQuestion<Plan, World, History>,
  run: WorldRun<Plan>,
): Promise<Outcome> {
  const random = SeededRandom.fromInteger(run.seed)
  const keys = (run.ed25519 ?? ed25519) === true ? REAL_KEYS : SIM_KEYS
  const world = await kind.run(run.changed(plan(random)), { random, keys })
  const history = await kind.history(world)
  const { clock } = world
  const { events, nowMs, story } = clock
  return {
    violations: [...kind.mishaps(world), ...checkers.flatMap((check) => check(world, history))],
    events,
    traceHash: clock.traceHash(),
    virtualMs: nowMs,
    story,
  }
}
