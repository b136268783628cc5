/**
 * The requests of one session that have no output yet, at its requester, and how they come to the
 * first stage: sent, or made by the ring of a text itself.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import { FREE_STEPS_MAX } from './limits.ts'
import type { Outstanding, RequesterOutput } from './requester-types.ts'
import { RingLead } from './ring-lead.ts'
import type { Seat } from './seat.ts'
import { send, stepTo } from './seat-messages.ts'
import type { Seats } from './seats.ts'
import { TextInputs } from './text-inputs.ts'

/**
 * Answers of a text after which its stages are told of them. They keep all of it anyway: what they
 * do not know of yet is only drawn once more by a stage that takes over.
 */
const TEXT_RELEASE_STEPS = 16

export class Requests {
  readonly lead = new RingLead()
  readonly #isText: boolean
  readonly #outstanding = new Map<number, Outstanding>()
  /** Of a text only. */
  readonly #inputs = new TextInputs()
  #highest = -1
  #released = 0
  #told = 0

  constructor(isText: boolean) {
    this.#isText = isText
  }

  /** Requests that were submitted so far. */
  get submitted(): number {
    return this.#highest + 1
  }

  /** Every request below this one has its output. */
  get released(): number {
    return this.#released
  }

  /** Rows of the text that were submitted so far. */
  get rows(): number {
    return this.#inputs.rows
  }

  /** From the oldest request that has no output to the latest. */
  get span(): number {
    return this.submitted - this.#released
  }

  get(request: number): Outstanding | undefined {
    return this.#outstanding.get(request)
  }

  submit(request: number, tensors: readonly Tensor[], nowMs: number): void {
    this.#highest = Math.max(this.#highest, request)
    const left = this.lead.leaves(request)
    const fresh = { sent: false, left, failures: 0, complaints: 0 }
    this.#outstanding.set(request, { tensors, sentMs: nowMs, ...fresh })
    if (this.#isText) this.#inputs.keep(request, tensors)
  }

  /** True when a request was submitted, answered or not. */
  knows(request: number): boolean {
    return this.#outstanding.has(request) || request < this.#released
  }

  /** A request has its output. */
  answered(request: number): void {
    this.#outstanding.delete(request)
    this.#released = Math.min(this.submitted, ...this.#outstanding.keys())
  }

  /** Has those that `which` says sent again, also what was left to the ring. */
  again(which: (outstanding: Outstanding) => boolean): void {
    for (const outstanding of this.#outstanding.values()) {
      if (!which(outstanding)) continue
      outstanding.sent = false
      outstanding.left = false
    }
  }

  /** Sends what waits, once every stage serves. A successor that is fed gets what the ring makes, too. */
  send(seats: Seats, nowMs: number): readonly RequesterOutput[] {
    const first = seats.at(0)
    if (first === undefined || !seats.allReady) return []
    const warm = seats.successor(0)
    const fed = warm?.warming === true ? [warm] : []
    const outputs: RequesterOutput[] = []
    for (const [request, outstanding] of this.#outstanding) {
      if (outstanding.sent) continue
      outstanding.sent = true
      outstanding.sentMs = nowMs
      const { tensors, left } = outstanding
      const receivers = left ? fed : [first, ...fed]
      outputs.push(...receivers.map((seat) => stepTo(seat, request, tensors)))
    }
    // A successor catches up with a ring that waits for its requester, not with one that runs on.
    const catching = seats.reachable.some(({ warming }) => warming)
    if (!catching) outputs.push(...this.lead.tell(first))
    for (const seat of seats.all) seat.noteWork(nowMs)
    return outputs
  }

  /**
   * What was left to the ring before `beforeMs` and has no answer: it is sent, and so are the steps
   * before it, for a first stage that was replaced meanwhile may lack one that another one made.
   */
  remind(seats: Seats, beforeMs: number, nowMs: number): readonly RequesterOutput[] {
    const first = seats.at(0)
    const late = [...this.#outstanding.values()].filter(
      ({ left, sentMs }) => left && sentMs < beforeMs,
    )
    if (first === undefined || late.length === 0 || !seats.allReady) return []
    for (const outstanding of late) {
      outstanding.left = false
      outstanding.sentMs = nowMs
    }
    return this.#inputs.all
      .filter(([request]) => request >= this.#released - FREE_STEPS_MAX)
      .map(([request, tensors]) => stepTo(first, request, tensors))
  }

  /** What a new first stage needs to have the same keys and values as the one before it. */
  replay(seat: Seat, outstanding: boolean): readonly RequesterOutput[] {
    return this.#inputs.all
      .filter(([request]) => request >= seat.copy.request)
      .filter(([request]) => outstanding || !this.#outstanding.has(request))
      .map(([request, tensors]) => stepTo(seat, request, tensors))
  }

  /** Tells the stages up to where everything has arrived; `all` of it, or when it is worth a word. */
  release(seats: Seats, all: boolean): readonly RequesterOutput[] {
    const due = this.#isText && !all ? TEXT_RELEASE_STEPS : 1
    if (this.#released - this.#told < due) return []
    this.#told = this.#released
    return seats.all.filter(({ phase }) => phase === 'ready').flatMap((seat) => this.tell(seat))
  }

  /** Tells one stage. */
  tell(seat: Seat): readonly RequesterOutput[] {
    return this.#released > 0 ? [send(seat, { type: 'release', request: this.#released })] : []
  }
}
