/**
 * What feeds the device, as far as its supplies and batteries say.
 *
 * @module
 */

import type { Battery, PowerSupply } from '../signals.ts'
import { valueOf, type View } from './rule.ts'

export interface PowerState {
  readonly source: 'charger' | 'battery' | 'unseen'
  /** Charge of the emptiest battery, when there is one that can be read. */
  readonly chargeFraction: number | undefined
}

/**
 * A battery that empties while a charger is plugged in counts as running on it: the charger is too
 * weak, and work would drain it. Any kind of supply may be a charger, USB too.
 */
export function powerState(view: View): PowerState {
  const batteries = valueOf(view, 'batteries')
  const charges = batteries?.map((battery) => battery.chargeFraction) ?? []
  return {
    source: sourceOf(valueOf(view, 'supplies') ?? [], batteries),
    chargeFraction: charges.length === 0 ? undefined : Math.min(...charges),
  }
}

function sourceOf(
  supplies: readonly PowerSupply[],
  batteries: readonly Battery[] | undefined,
): PowerState['source'] {
  if (supplies.some(({ type, online }) => type === 'ups' && !online)) return 'battery'
  if (batteries?.some(({ status }) => status === 'discharging') === true) return 'battery'
  if (supplies.some(({ type, online }) => type !== 'ups' && online)) return 'charger'
  if (batteries === undefined) return 'unseen'
  // Full or charging without a supply that tells: a dock. A device without a battery runs on none.
  const fed = batteries.every(({ status }) => status === 'charging' || status === 'full')
  return fed ? 'charger' : 'battery'
}
