/**
 * What the requester says to one holder, as outputs of its machine.
 *
 * @module
 */

import type { InferenceMessage } from './messages.ts'
import type { RequesterOutput } from './requester-types.ts'
import type { Seat } from './seat.ts'

/** A ping, of which the seat keeps the time. */
export function ping(seat: Seat, nowMs: number): RequesterOutput {
  seat.notePing(nowMs)
  return send(seat, { type: 'ping' })
}

/** A message to the holder. */
export function send({ stage, epoch }: Seat, message: InferenceMessage): RequesterOutput {
  return { type: 'send', stage, epoch, message }
}
