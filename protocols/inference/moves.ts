/**
 * How a successor comes to its seat, at the requester: at once, or while the holder before it still
 * serves a text. Then that is copied to it, or it is fed with all steps, whatever is quicker.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { InferenceMessage } from './messages.ts'
import type { ReadyRecord } from './records.ts'
import type { RequesterInit, RequesterOutput } from './requester-types.ts'
import type { Requests } from './requests.ts'
import { copyMs, replayMs, type MoveCosts } from './seat-copy.ts'
import { ping, recovered, send } from './seat-messages.ts'
import { RowTimes } from './seat-times.ts'
import type { Seat } from './seat.ts'
import type { Seats } from './seats.ts'

export class Moves {
  readonly times = new RowTimes()
  readonly #init: RequesterInit
  readonly #seats: Seats
  readonly #requests: Requests

  constructor(init: RequesterInit, seats: Seats, requests: Requests) {
    this.#init = init
    this.#seats = seats
    this.#requests = requests
  }

  /** A successor is loaded. */
  succeed(seat: Seat, before: Seat, nowMs: number): readonly RequesterOutput[] {
    if (this.#init.open.text === undefined || before.phase !== 'ready') {
      return this.seat(seat, nowMs)
    }
    const costs = this.#costs(seat, before)
    if (costs === undefined || copyMs(costs) >= replayMs(costs)) return this.feed(seat, nowMs)
    seat.copy.begin(costs, nowMs)
    return [copyTo(seat, 'take', before), copyTo(before, 'give', seat)]
  }

  /** A successor has a copy of the text, or one of the two says that there is none. */
  copied(
    { stage, epoch }: Seat,
    { request, rows }: InferenceMessage & { type: 'copied' },
    nowMs: number,
  ): readonly RequesterOutput[] {
    const seat = this.#seats.successor(stage)
    if (seat?.copy.active !== true) return []
    if (rows === 0) return this.feed(seat, nowMs)
    if (epoch !== seat.epoch) return []
    seat.copy.done(request, rows)
    seat.noteReached(request)
    const hasAll = seat.hasRun(this.#requests.released)
    return hasAll ? this.seat(seat, nowMs) : this.feed(seat, nowMs)
  }

  /** Has a successor fed with what it lacks of the text: by the stage before it, or by this requester. */
  feed(seat: Seat, nowMs: number): readonly RequesterOutput[] {
    seat.copy.end()
    seat.warming = true
    const outputs = [ping(seat, nowMs), ...this.#requests.tell(seat)]
    if (seat.stage > 0) return [...outputs, ...this.announce()]
    return [...outputs, ...this.#requests.replay(seat, true)]
  }

  /** Gives a successor the seat of its stage. */
  seat(seat: Seat, nowMs: number): readonly RequesterOutput[] {
    const { stage } = seat
    const wasWarm = seat.warming || seat.copy.rows > 0
    seat.warming = false
    seat.copy.end()
    const before = this.#seats.promote(seat)
    if (before === undefined) return []
    const { lead } = this.#requests
    if (stage === 0 || stage === this.#seats.all.length - 1) lead.mend(this.#seats.at(0))
    this.#requests.again(({ left }) => left || stage === 0)
    const goodbye = before.phase === 'lost' ? [] : [send(before, { type: 'close' })]
    return [
      ping(seat, nowMs),
      recovered(before, seat, nowMs),
      ...goodbye,
      ...this.#requests.tell(seat),
      ...(stage === 0 && !wasWarm ? this.#requests.replay(seat, false) : []),
      ...this.announce(),
      ...this.#requests.send(this.#seats, nowMs),
    ]
  }

  /**
   * Tells everyone who holds what. A stage whose neighbours did not change does nothing; one that
   * still loads has to know as well, or it would not know who attaches to it meanwhile. A successor is
   * told when it takes its seat, and attaches then.
   */
  announce(): readonly RequesterOutput[] {
    const message = this.#seats.routeMessage(this.#requests.released)
    return [
      // What the message says of who needs nothing more is said of what was released.
      ...this.#requests.release(this.#seats, true),
      ...this.#seats.all.filter((seat) => seat.phase !== 'lost').map((seat) => send(seat, message)),
    ]
  }

  /** What the two ways would cost; undefined when one of them is not known, or bits would differ. */
  #costs(seat: Seat, before: Seat): MoveCosts | undefined {
    const { open, bytesPerMs } = this.#init
    if (bytesPerMs === undefined || open.text?.gives !== 'tokens') return undefined
    const { rows } = this.#requests
    const sizes = copySizes(seat.record, before.record)
    if (rows === 0 || sizes === undefined) return undefined
    return {
      ...sizes,
      rows,
      bytesPerMs: bytesPerMs(before.peer, seat.peer),
      rttMs: Math.max(seat.rttMs ?? 0, before.rttMs ?? 0),
      growth: this.#growth(before),
    }
  }

  /** How much longer a row takes the holder now than one of a short text. */
  #growth({ stage, record }: Seat): number {
    const nowUs = this.times.rowUs(stage)
    const { stepUs } = record ?? {}
    return nowUs === undefined || !stepUs ? 1 : nowUs / stepUs
  }
}

/** Of two holders of one stage that keep the same of a row, to the last bit. */
function copySizes(
  own: ReadyRecord | undefined,
  its: ReadyRecord | undefined,
): Pick<MoveCosts, 'rowBytes' | 'chunkUs'> | undefined {
  if (own === undefined || its === undefined) return undefined
  const { chunkUs, keptRowBytes: rowBytes } = own
  const isSame = bytesEqual(own.numericClass, its.numericClass) && rowBytes === its.keptRowBytes
  return isSame && rowBytes && chunkUs ? { rowBytes, chunkUs } : undefined
}

function copyTo(to: Seat, role: 'give' | 'take', { peer, epoch }: Seat): RequesterOutput {
  return send(to, { type: 'copy', record: { role, peer, epoch } })
}
