/**
 * A microphone or camera is in use: a call suffers from the smallest delay.
 *
 * @module
 */

import { holding, STOPPED } from './holding.ts'

export const call = holding({
  name: 'call',
  signal: 'call',
  code: 'CALL',
  unblocks: 'microphone and camera are free',
  caps: () => STOPPED,
  times: ({ policy }) => ({ raiseMs: 0, clearMs: policy.exclusiveHoldMs, dwellMs: 0 }),
  find: ({ readings: { call: reading } }) => {
    const raise = reading.quality !== 'unknown' && reading.value
    return { raise, clear: !raise }
  },
})
