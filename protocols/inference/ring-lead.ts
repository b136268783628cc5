/**
 * How far the requester lets the ring of a text go on by itself.
 *
 * What the ring makes is put on record here as if it had been sent: whoever is replaced can be fed
 * all of it. Once something happened to a stage at the joint of the ring, what was left to it is
 * sent as well, for the draw that it waits for may have been lost.
 *
 * @module
 */

import type { RequesterOutput } from './requester-types.ts'
import type { Seat } from './seat.ts'
import { send } from './seat-messages.ts'

export class RingLead {
  #granted = 0
  #told = 0
  #first: Seat | undefined
  #cut = false

  /** Steps below `until` hold one token each: the one that was drawn before. */
  grant(until: number): void {
    this.#granted = Math.max(this.#granted, until)
  }

  /** True when the ring makes this step, and nobody has to send it. */
  leaves(request: number): boolean {
    return !this.#cut && request < this.#told
  }

  /** What the holder of the first stage has to be told. */
  tell(first: Seat): readonly RequesterOutput[] {
    this.#meet(first)
    if (this.#cut || this.#told >= this.#granted) return []
    this.#told = this.#granted
    return [send(first, { type: 'free', request: this.#granted })]
  }

  /** The last stage does not reach the first one: every step is sent. */
  cut(): void {
    this.#cut = true
  }

  /** The last or the first stage is another one: the ring is whole again. */
  mend(first: Seat | undefined): void {
    this.#cut = false
    this.#meet(first)
  }

  /** What one first stage was told, another one does not know. */
  #meet(first: Seat | undefined): void {
    if (first === this.#first) return
    this.#first = first
    this.#told = 0
  }
}
