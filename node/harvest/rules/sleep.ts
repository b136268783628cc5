/**
 * The device is about to sleep, or its lid was closed: everything is given back first.
 *
 * @module
 */

import { holding, STOPPED } from './holding.ts'

/** After waking up, so that the device is not loaded while it still comes up, in ms. */
const WAKE_HOLD_MS = 10_000

export const sleepPending = holding({
  name: 'sleep-pending',
  signal: 'sleepPending',
  code: 'SLEEP_PENDING',
  unblocks: 'the device is awake again',
  caps: () => STOPPED,
  times: () => ({ raiseMs: 0, clearMs: WAKE_HOLD_MS, dwellMs: 0 }),
  find: ({ readings: { sleepPending: reading } }) => {
    const raise = reading.quality === 'known' && reading.value
    return { raise, clear: !raise }
  },
})

/** A closed lid traps heat and is carried away; with a display of its own it is a desktop. */
export const lidClosed = holding({
  name: 'lid-closed',
  signal: 'lidClosed',
  code: 'LID_CLOSED',
  unblocks: 'the lid is open, or another display is lit',
  caps: () => STOPPED,
  times: () => ({ raiseMs: 0, clearMs: WAKE_HOLD_MS, dwellMs: 0 }),
  find: ({ readings: { lidClosed: lid, screenOn } }) => {
    const closed = lid.quality !== 'unknown' && lid.value
    const docked = screenOn.quality === 'known' && screenOn.value
    return { raise: closed && !docked, clear: !closed || docked }
  },
})
