/**
 * What the board says of its own supply and clock: a Raspberry Pi with a weak supply corrupts cards.
 *
 * @module
 */

import { holding, STOPPED } from './holding.ts'
import type { View } from './rule.ts'

export const underVoltage = holding({
  name: 'under-voltage',
  signal: 'board',
  code: 'UNDERVOLT',
  unblocks: 'the supply gives enough',
  caps: () => STOPPED,
  times: ({ policy }) => ({ raiseMs: 0, clearMs: 0, dwellMs: policy.batteryGuardMs }),
  find: (view) => flagOf(view, 'underVoltage'),
})

/** The board already slows itself down: half of the work gives nearly the same, and less heat. */
export const boardThrottled = holding({
  name: 'board-throttled',
  signal: 'board',
  code: 'TEMP_SOFT',
  unblocks: 'the board runs at its full clock',
  caps: () => ({ cpu: 0.5 }),
  times: ({ policy }) => ({ raiseMs: 0, clearMs: policy.busyReopenAfterMs, dwellMs: 0 }),
  find: (view) => ({ ...flagOf(view, 'throttled'), detail: 'the board holds its clock down' }),
})

/** A flag that went stale neither begins nor ends anything; most boards have none. */
function flagOf({ readings: { board } }: View, flag: 'underVoltage' | 'throttled') {
  const raise = board.quality === 'known' && board.value[flag]
  return { raise, clear: board.quality !== 'stale' && !raise }
}
