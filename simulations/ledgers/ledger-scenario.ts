/**
 * A scenario about devices with ledgers: what is drawn from the seed, and which invariants must hold.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { REAL_KEYS, SIM_KEYS } from '../meshes/mesh-keys.ts'
import type { Outcome, RunOptions, Scenario } from '../scenario.ts'
import { shrunk } from '../shrinking.ts'
import { historyOf, type LedgerHistory } from './ledger-history.ts'
import type { LedgerPlan } from './ledger-plan.ts'
import { LEDGER_TROUBLE } from './ledger-weather.ts'
import { LedgerWorld } from './ledger-world.ts'

/** An invariant: what is wrong with the ledgers of a mesh, as sentences; nothing when it holds. */
export type LedgerChecker = (world: LedgerWorld, history: LedgerHistory) => readonly string[]

export interface LedgerScenarioInit {
  readonly name: string
  readonly question: string
  /** One, if it is left out. */
  readonly testSeeds?: number
  /** True for one that always signs with real keys. */
  readonly ed25519?: boolean
  readonly plan: (random: SeededRandom) => LedgerPlan
  readonly checkers: readonly LedgerChecker[]
}

export function ledgerScenario(init: LedgerScenarioInit): Scenario {
  const { name, question, testSeeds = 1 } = init
  return {
    name,
    question,
    testSeeds,
    run: (seed, options) => outcomeOf(init, seed, { ...options, changed: (drawn) => drawn }),
    async shrink(seed, options) {
      const drawn = init.plan(SeededRandom.fromInteger(seed))
      const outcomeBy = (plan: LedgerPlan): Promise<Outcome> =>
        outcomeOf(init, seed, { ...options, changed: () => plan })
      if ((await outcomeBy(drawn)).violations.length === 0) return undefined
      const trial = async (plan: LedgerPlan): Promise<readonly string[]> =>
        (await outcomeBy(plan)).violations
      const smallest = await shrunk<LedgerPlan>(drawn, LEDGER_TROUBLE, trial)
      const plan = JSON.stringify(smallest, (_, value: unknown) =>
        value instanceof Map ? [...value] : value,
      )
      return { plan, outcome: await outcomeBy(smallest) }
    },
  }
}

interface LedgerRun extends RunOptions {
  /** What is done instead of what was drawn: the draws of the run itself stay the same. */
  readonly changed: (drawn: LedgerPlan) => LedgerPlan
}

async function outcomeOf(
  { plan, checkers, ed25519 }: LedgerScenarioInit,
  seed: number,
  run: LedgerRun,
): Promise<Outcome> {
  const random = SeededRandom.fromInteger(seed)
  const keys = (run.ed25519 ?? ed25519) === true ? REAL_KEYS : SIM_KEYS
  const world = await new LedgerWorld(run.changed(plan(random)), { random, keys }).run()
  const history = await historyOf(world)
  const { events, nowMs, story } = world.clock
  return {
    violations: [...world.mishaps, ...checkers.flatMap((check) => check(world, history))],
    events,
    traceHash: world.clock.traceHash(),
    virtualMs: nowMs,
    story,
  }
}
