/**
 * A scenario about devices with ledgers: what is drawn from the seed, and which invariants must hold.
 *
 * @module
 */

import type { Scenario } from '../scenario.ts'
import { worldScenario, type WorldKind, type WorldQuestion } from '../world-scenario.ts'
import { historyOf, type LedgerHistory } from './ledger-history.ts'
import type { LedgerPlan } from './ledger-plan.ts'
import { LEDGER_TROUBLE } from './ledger-weather.ts'
import { LedgerWorld } from './ledger-world.ts'

/** An invariant: what is wrong with the ledgers of a mesh, as sentences; nothing when it holds. */
export type LedgerChecker = (world: LedgerWorld, history: LedgerHistory) => readonly string[]

const LEDGERS: WorldKind<LedgerPlan, LedgerWorld, LedgerHistory> = {
  run: (plan, draws) => new LedgerWorld(plan, draws).run(),
  history: async (world) => historyOf(world),
  mishaps: ({ mishaps }) => mishaps,
  peace: LEDGER_TROUBLE,
}

/** A scenario that runs devices with ledgers until all that was asked for is settled. */
export function ledgerScenario(
  asked: WorldQuestion<LedgerPlan, LedgerWorld, LedgerHistory>,
): Scenario {
  return worldScenario(LEDGERS, asked)
}
