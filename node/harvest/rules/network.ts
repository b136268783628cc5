/**
 * The network: nothing moves where volume is paid for, and no more in a day than the owner allows.
 *
 * @module
 */

import { NO_CAPS, plainRule, valueOf } from './rule.ts'

export const metered = plainRule('metered', (view) => {
  if (view.policy.meteredNetwork === 'allow' || valueOf(view, 'network')?.metered !== true) {
    return NO_CAPS
  }
  return [
    {
      resource: 'network',
      cap: 0,
      code: 'METERED',
      signal: 'network',
      unblocks: 'the network is not paid by volume, or harvest.meteredNetwork = "allow"',
    },
  ]
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
