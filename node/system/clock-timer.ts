/**
 * One call later, on a clock that a test may own.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'

/** Calls back once at `atMs` of the monotonic clock; returns how to call it off. */
export function callAt(clock: Clock, atMs: number, callback: () => void): () => void {
  const calledOff = new AbortController()
  const wait = async (): Promise<void> => {
    await clock.sleep(atMs - clock.monotonicMs(), calledOff.signal)
    if (!calledOff.signal.aborted) callback()
  }
  void wait()
  return () => calledOff.abort()
}
