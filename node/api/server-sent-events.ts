/**
 * Server-sent events over one response (HTML standard, section 9.2).
 *
 * @module
 */

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { LoggedEvent } from './event-log.ts'

/** Time between two signs of life, so that proxies and clients know that nothing is lost. */
export const HEARTBEAT_MS = 10_000

/** Time after which a client that lost the connection comes back. */
const RECONNECT_MS = 1_000

export interface SendEventsOptions {
  readonly heartbeatMs: number
  /** Ends the response early. */
  readonly signal: AbortSignal
}

/** Sends `events` until there are no more, the client is gone or `signal` aborts; then ends. */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<LoggedEvent<{ readonly type: string }>>,
  options: SendEventsOptions,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // Nothing follows a stream, and a kept connection would hold up the end of the daemon.
    connection: 'close',
  })
  response.write(`retry: ${RECONNECT_MS}\n\n`)
  const heartbeat = setInterval(() => response.write(': alive\n\n'), options.heartbeatMs)
  try {
    for await (const { id, event } of events) {
      const room = response.write(
        `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
      )
      if (!room) await drained(response, options.signal)
    }
  } finally {
    clearInterval(heartbeat)
    response.end()
  }
}

/**
 * The number of the last event that a client has seen; 0 when it has seen none or says nonsense.
 *
 * @example
 * ```ts
 * lastEventId('7') // => 7
 * lastEventId('x') // => 0
 * ```
 */
export function lastEventId(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0
}

/** Resolves once there is room for more, or when `signal` aborts. */
export async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal })
  } catch (error) {
    // The caller sees the end by the signal: a client that left drains nothing any more.
    if (!signal.aborted) throw error
  }
}
