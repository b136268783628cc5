/**
 * The time of this machine, for everything that is handed a clock.
 *
 * @module
 */

import { setTimeout as timeout } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'

/** Longest delay that a Node timer takes: more would fire at once. */
const TIMER_MS_MAX = 2_147_483_647

/** Real time. Sleeping keeps the process alive. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep,
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + ms
  for (let leftMs = ms; leftMs > 0 && !signal.aborted; leftMs = endMs - performance.now()) {
    try {
      await timeout(Math.min(leftMs, TIMER_MS_MAX), undefined, { signal })
    } catch {
      // The only rejection is the abort, on which a sleep just ends.
      return
    }
  }
}
