/**
 * A program runs that the owner wants to have the device for itself.
 *
 * @module
 */

import { holding, STOPPED } from './holding.ts'

export const exclusiveApp = holding({
  name: 'exclusive-app',
  signal: 'exclusiveApps',
  code: 'EXCLUSIVE_APP',
  unblocks: 'the program ends',
  caps: () => STOPPED,
  times: ({ policy }) => ({ raiseMs: 0, clearMs: policy.exclusiveHoldMs, dwellMs: 0 }),
  find: ({ readings: { exclusiveApps: reading } }) => {
    const app = reading.quality === 'unknown' ? undefined : reading.value[0]
    return { raise: app !== undefined, clear: app === undefined, ...(app && { detail: app }) }
  },
})
