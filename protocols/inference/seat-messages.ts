/**
 * What the requester says to one holder, and of it, as outputs of its machine.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import type { InferenceCode } from './errors.ts'
import type { InferenceMessage } from './messages.ts'
import type { OpenRecord, ReadyRecord } from './records.ts'
import type { RequesterInit, RequesterOutput } from './requester-types.ts'
import type { Seat } from './seat.ts'
import type { Seats } from './seats.ts'

/** What the holder of a seat is asked for. */
export function opening(
  { open, ranges, numericClasses }: Pick<RequesterInit, 'open' | 'ranges' | 'numericClasses'>,
  seats: Seats,
  seat: Seat,
): RequesterOutput {
  const { stage, peer, epoch, anyClass } = seat
  const before = seats.at(stage)?.record?.numericClass ?? numericClasses?.[stage]
  const record: OpenRecord = {
    ...open,
    stage,
    ...(ranges[stage] ?? { fromLayer: 0, toLayer: 0 }),
    route: seats.route(seat),
    // A successor must be of the class of the one it replaces, or the bits would change.
    numericClass: anyClass ? undefined : before,
  }
  return { type: 'open', stage, peer, epoch, message: { type: 'open', record } }
}

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
    copiedRows: after.copy.rows,
  }
  return { type: 'recovered', recovery }
}

/** That a device holds a stage, or will. */
export function serving({ stage, epoch, peer, rttMs }: Seat, record: ReadyRecord): RequesterOutput {
  return { type: 'ready', stage, epoch, peer, record, rttMs }
}

/** That a device stands by for a stage, or does so no more. */
export function standby({ stage, peer }: Seat, ready: boolean): RequesterOutput {
  return { type: 'standby', stage, peer, ready }
}

/** The end of a session that cannot go on. */
export function failed(code: InferenceCode, stage?: number, request?: number): RequesterOutput {
  return {
    type: 'failed',
    code,
    ...(stage === undefined ? {} : { stage }),
    ...(request === undefined ? {} : { request }),
  }
}
