/**
 * Waiting for something that shows itself only when asked.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { DemoError } from './errors.ts'

/** How often it is asked. */
const ASK_MS = 100

/**
 * Asks `look` until it gives something.
 *
 * @param waitingFor - What it is, for the message.
 * @throws {DemoError} DEMO_TIMED_OUT after `limitMs`.
 */
export async function until<Seen>(
  waitingFor: string,
  limitMs: number,
  look: () => Promise<Seen | undefined>,
  signal: AbortSignal,
): Promise<Seen> {
  const endMs = performance.now() + limitMs
  while (performance.now() < endMs) {
    const seen = await look()
    if (seen !== undefined) return seen
    await sleep(ASK_MS, undefined, { signal })
  }
  throw new DemoError(
    { code: 'DEMO_TIMED_OUT', waitingFor, limitMs },
    `expected ${waitingFor} within ${limitMs} ms`,
  )
}
