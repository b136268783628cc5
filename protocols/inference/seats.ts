/**
 * Who holds the stages of one session, and who is about to.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { InferenceMessage } from './messages.ts'
import type { RouteShadow, RouteStage } from './records.ts'
import { Seat } from './seat.ts'

export class Seats {
  readonly #seats: Seat[] = []
  readonly #successors = new Map<number, Seat>()
  #epoch = 0

  /** The holders of the start. */
  start(peers: readonly PeerId[], nowMs: number): void {
    for (const [stage, peer] of peers.entries()) {
      this.#seats.push(new Seat(stage, peer, this.#epoch, nowMs))
    }
  }

  /** Who holds the stages now, in their order. */
  get all(): readonly Seat[] {
    return this.#seats
  }

  /** True once a holder of the start was replaced, or a successor was asked. */
  get changed(): boolean {
    return this.#epoch > 0
  }

  at(stage: number): Seat | undefined {
    return this.#seats[stage]
  }

  successor(stage: number): Seat | undefined {
    return this.#successors.get(stage)
  }

  find(stage: number, epoch: number): Seat | undefined {
    return [this.#seats[stage], this.#successors.get(stage)].find((seat) => seat?.epoch === epoch)
  }

  /** Holders and successors that were not lost. */
  get reachable(): readonly Seat[] {
    return [...this.#seats, ...this.#successors.values()].filter(({ phase }) => phase !== 'lost')
  }

  /** When the first of them was silent for too long, if nothing is heard before. */
  silentAtMs(stallMs: number): number {
    return Math.min(...this.reachable.map((seat) => seat.silentAtMs(stallMs)))
  }

  get allReady(): boolean {
    return this.#seats.length > 0 && this.#seats.every((seat) => seat.phase === 'ready')
  }

  /** A successor for a stage, of an epoch that nobody had. */
  addSuccessor(stage: number, peer: PeerId, nowMs: number): Seat {
    const seat = new Seat(stage, peer, ++this.#epoch, nowMs)
    this.#successors.set(stage, seat)
    return seat
  }

  dropSuccessor(stage: number): void {
    this.#successors.delete(stage)
  }

  /** Gives a successor its seat; returns who had it. */
  promote(seat: Seat): Seat | undefined {
    const before = this.#seats[seat.stage]
    this.#successors.delete(seat.stage)
    this.#seats[seat.stage] = seat
    return before
  }

  /** Who holds what; `instead` stands in for the seat of its stage. */
  route(instead?: Seat): readonly RouteStage[] {
    return this.#seats.map((seat) => {
      const { peer, epoch } = instead?.stage === seat.stage ? instead : seat
      return { peer, epoch }
    })
  }

  /**
   * What everyone is told of the route.
   *
   * @param released - Every request below it has its answer.
   */
  routeMessage(released: number): InferenceMessage {
    const fed = this.#seats.reduce(
      (mask, seat) => (seat.hasRun(released) ? mask | (1 << seat.stage) : mask),
      0,
    )
    const warm = [...this.#successors.values()].find(({ warming, stage }) => warming && stage > 0)
    return { type: 'route', route: this.route(), fed, shadow: warm && shadowOf(warm) }
  }
}

function shadowOf({ stage, peer, epoch, copy }: Seat): RouteShadow {
  return { stage, peer, epoch, from: copy.request }
}
