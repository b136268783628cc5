/**
 * A scenario about weeks of trust: what is drawn from the seed, and which invariants must hold.
 *
 * @module
 */

import { SeededRandom } from '../core/random.ts'
import type { Outcome, Scenario } from './scenario.ts'
import { type TrustPlan, TrustWorld } from './trust-world.ts'
import { below } from './faults.ts'

/** A world, and how to see it without its attackers. */
export interface TrustRun {
  readonly world: TrustWorld
  readonly seed: number
}

/** An invariant: what is wrong, as sentences; nothing when it holds. */
export type TrustChecker = (run: TrustRun) => readonly string[]

export interface TrustScenarioInit {
  readonly name: string
  readonly question: string
  readonly plan: (random: SeededRandom) => TrustPlan
  readonly checkers: readonly TrustChecker[]
}

const DAY_MS = 86_400_000

export function trustScenario({ name, question, plan, checkers }: TrustScenarioInit): Scenario {
  return {
    name,
    question,
    run(seed: number): Outcome {
      const drawn = plan(SeededRandom.fromInteger(seed ^ 0x165667b1))
      const world = new TrustWorld(drawn, seed).run()
      return {
        violations: checkers.flatMap((check) => check({ world, seed })),
        events: world.events,
        traceHash: world.traceHash(),
        virtualMs: drawn.days * DAY_MS,
        story: storyOf(world),
      }
    },
  }
}

/** A mesh of some size in some weather. */
export function anyMesh(random: SeededRandom): Omit<TrustPlan, 'attackers'> {
  return {
    honest: 12 + below(random, 30),
    seeds: 1 + below(random, 6),
    days: 6 + below(random, 12),
    customersPerDay: 2 + below(random, 5),
    loss: random.fraction() < 0.5 ? 0 : 0.3 * random.fraction(),
    late: random.fraction() < 0.5 ? 0 : 0.5 * random.fraction(),
  }
}

function storyOf({ ends, plan }: TrustWorld): readonly string[] {
  const attackers = plan.attackers.flatMap(({ domains }) => domains).length
  return [
    `${plan.honest} honest domains, ${plan.seeds} seeds, ${attackers} domains of attackers`,
    ...ends.map(
      ({ day, inflow, root }) => `day ${day}: root ${root.slice(0, 16)}, inflow ${inflow}`,
    ),
  ]
}
