/**
 * The name of what the governor does, for people and for the record of decisions.
 *
 * Levels come from the caps; the state is read off them and never decides one.
 *
 * @module
 */

import type { GovernorState } from '../decision.ts'
import type { Levels } from '../levels.ts'
import type { Reason, ReasonCode } from '../reasons.ts'
import type { GiveBackState } from './give-back.ts'

/** Causes that hold whoever is there. */
const HARD: ReadonlySet<ReasonCode> = new Set([
  'ON_BATTERY',
  'BATTERY_LOW',
  'CHARGE_FIRST',
  'UNDERVOLT',
  'TEMP_HARD',
  'DISK_LOW',
  'SLEEP_PENDING',
  'LID_CLOSED',
])

export interface StateFacts {
  readonly enabled: boolean
  readonly probing: boolean
  readonly levels: Levels
  readonly reasons: readonly Reason[]
  readonly giveBack: GiveBackState
  /** True while somebody is there, for the processor and for the GPU. */
  readonly present: boolean
  readonly presentForGpu: boolean
  /** True when there was no input for long enough to consider that nobody is there. */
  readonly quiet: boolean
}

export function governorState(facts: StateFacts): GovernorState {
  const { enabled, probing, levels, reasons, giveBack, present, presentForGpu, quiet } = facts
  const leaving = stateOfStep(giveBack)
  if (leaving !== undefined) return leaving
  if (!enabled) return 'DISABLED'
  if (levels.cpu === 0 && reasons.some(isHard)) return 'GUARD'
  if (present) return quiet ? 'COOLDOWN' : 'OWNER'
  if (probing) return 'PROBE'
  if (levels.cpu === 0) return 'COOLDOWN'
  return presentForGpu || levels.gpu === 0 ? 'HARVEST_CPU' : 'HARVEST_FULL'
}

function isHard({ resource, cap, code, after }: Reason): boolean {
  return resource === 'cpu' && cap === 0 && HARD.has(after ?? code)
}

function stateOfStep({ step }: GiveBackState): GovernorState | undefined {
  switch (step) {
    case 'none':
      return undefined
    case 'yield':
      return 'YIELD'
    case 'freeze':
      return 'FROZEN'
    case 'drain':
    case 'kill':
      return 'DRAIN'
  }
}
