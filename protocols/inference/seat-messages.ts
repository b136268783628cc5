/**
 * What the requester says to one holder, and of it, as outputs of its machine.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
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

const NO_LEAF = new Uint8Array(8)

/** A request for the holder of the first stage. */
export function stepTo(seat: Seat, request: number, tensors: readonly Tensor[]): RequesterOutput {
  return send(seat, { type: 'step', request, hops: [], tensors, leaf: NO_LEAF })
}

/** That `after` has taken the seat of `before`. */
export function recovered(before: Seat, after: Seat, nowMs: number): RequesterOutput {
  const recovery = {
    stage: after.stage,
    from: before.peer,
    to: after.peer,
    code: after.replaces ?? ('INFERENCE_LINK_LOST' as const),
    elapsedMs: nowMs - after.sinceMs,
  }
  return { type: 'recovered', recovery }
}
