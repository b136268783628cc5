/**
 * How long a promise to others may be: not beyond the hours in which work is allowed.
 *
 * @module
 */

import { windowLeftMs } from './hours.ts'
import { NO_CAPS, plainRule } from './rule.ts'

export const leaseLength = plainRule('lease-length', (view) => {
  const leftMs = windowLeftMs(view)
  const { leaseMs } = view.policy
  if (leftMs === undefined || leaseMs === 0 || leftMs >= leaseMs) return NO_CAPS
  return [
    {
      resource: 'lease',
      cap: leftMs / leaseMs,
      code: 'TIME_WINDOW',
      unblocks: `the time is within ${view.policy.windows.join(', ')}`,
    },
  ]
})
