/**
 * The network: nothing moves where volume is paid for, and no more in a day than the owner allows.
 *
 * @module
 */

import { holding } from './holding.ts'
import { NO_CAPS, plainRule, valueOf } from './rule.ts'

/** Time on another network before work moves anything again, in ms: trains go through tunnels. */
const METERED_HOLD_MS = 30_000

export const metered = holding({
  name: 'metered',
  signal: 'network',
  code: 'METERED',
  unblocks: 'the network is not paid by volume, or harvest.meteredNetwork = "allow"',
  caps: () => ({ network: 0 }),
  times: () => ({ raiseMs: 0, clearMs: METERED_HOLD_MS, dwellMs: 0 }),
  find: (view) => {
    const { network } = view.readings
    const paid = network.quality !== 'unknown' && network.value.metered
    const raise = paid && view.policy.meteredNetwork === 'stop'
    return { raise, clear: !raise }
  },
})

export const networkQuota = plainRule('network-quota', (view) => {
  const { networkDayBytesMax } = view.policy
  const usedBytes = valueOf(view, 'network')?.todayBytes ?? 0
  if (networkDayBytesMax === 0 || usedBytes < networkDayBytesMax) return NO_CAPS
  return [
    {
      resource: 'network',
      cap: 0,
      code: 'NET_QUOTA',
      signal: 'network',
      unblocks: 'the next day begins',
      untilMs: view.nowMs + (1_440 - (view.minuteOfWeek % 1_440)) * 60_000,
    },
  ]
})
