/**
 * A scenario about a whole mesh: what is drawn from the seed, and which invariants must hold.
 *
 * @module
 */

import type { Scenario } from '../scenario.ts'
import { worldScenario, type WorldKind, type WorldQuestion } from '../world-scenario.ts'
import { historyOf, type MeshHistory } from './mesh-history.ts'
import type { MeshPlan } from './mesh-plan.ts'
import { TROUBLE } from './mesh-weather.ts'
import { MeshWorld } from './mesh-world.ts'

/** An invariant: what is wrong with a mesh, as sentences; nothing when it holds. */
export type MeshChecker = (world: MeshWorld, history: MeshHistory) => readonly string[]

const MESHES: WorldKind<MeshPlan, MeshWorld, MeshHistory> = {
  run: (plan, draws) => new MeshWorld(plan, draws).run(),
  history: historyOf,
  // A checker decides which of them count.
  mishaps: () => [],
  peace: TROUBLE,
}

/** A scenario that runs a mesh over its epochs. */
export function meshScenario(asked: WorldQuestion<MeshPlan, MeshWorld, MeshHistory>): Scenario {
  return worldScenario(MESHES, asked)
}
