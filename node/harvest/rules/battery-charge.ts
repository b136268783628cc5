/**
 * How full the battery is, on the charger: some devices charge first, some stop below a charge.
 *
 * @module
 */

import { holding, STOPPED } from './holding.ts'
import { powerState } from './power-state.ts'
import { share } from './rule.ts'

/** Above the limit, where charging first ends, in shares of the charge. */
const CHARGE_BAND = 0.05

const percentText = (fraction: number): string => `charge ${Math.round(100 * fraction)} %`

export const batteryLow = holding({
  name: 'battery-low',
  signal: 'batteries',
  code: 'BATTERY_LOW',
  unblocks: 'the battery is charged further',
  caps: () => STOPPED,
  times: ({ policy }) => ({ raiseMs: 0, clearMs: 0, dwellMs: policy.batteryGuardMs }),
  find: (view) => {
    const charge = powerState(view).chargeFraction ?? 1
    const { chargeStopPercent, chargeResumePercent } = view.policy
    return {
      raise: charge < share(chargeStopPercent),
      clear: charge >= share(chargeResumePercent) || chargeStopPercent === 0,
      detail: percentText(charge),
    }
  },
})

export const chargeFirst = holding({
  name: 'charge-first',
  signal: 'batteries',
  code: 'CHARGE_FIRST',
  unblocks: 'the battery is charged further',
  caps: ({ policy }) => ({ cpu: share(policy.chargeFirstCpuPercent), gpu: 0 }),
  times: () => ({ raiseMs: 0, clearMs: 0, dwellMs: 0 }),
  find: (view) => {
    const { source, chargeFraction } = powerState(view)
    const charge = source === 'charger' ? (chargeFraction ?? 1) : 1
    const limit = share(view.policy.chargeFirstPercent)
    const clear = charge >= Math.min(1, limit + CHARGE_BAND)
    return { raise: charge < limit, clear, detail: percentText(charge) }
  },
})
