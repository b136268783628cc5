/**
 * The side that signed halves: it tells one peer of them, in order, until each is answered.
 *
 * What it may tell is on the disk already. A link that breaks loses nothing: whatever had no
 * answer is told again on the next one, and the peer answers for what it has.
 *
 * @module
 */

import type { Machine, TimePassed } from '../../core/machine.ts'
import type { HalfRefusal, ReceiptFault } from './errors.ts'
import {
  ANSWER_MS_MAX,
  HALF_LIFE_MS,
  HALVES_IN_FLIGHT_MAX,
  HALVES_WAITING_MAX,
  RECEIPT_VERSION,
  RETRY_MS,
  RETRY_MS_MAX,
} from './limits.ts'
import { decodeReceiptMessage, type ReceiptMessage, type SentHalf } from './messages.ts'

export type SenderInput =
  /** `key` is whatever the driver knows it by. */
  | { readonly type: 'offer'; readonly key: string; readonly half: SentHalf }
  /** Answers `connect`. */
  | { readonly type: 'linked' }
  /** The link is over, or there was none to be had. */
  | { readonly type: 'unlinked' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }

export type SenderOutput =
  | { readonly type: 'connect' }
  | { readonly type: 'send'; readonly message: ReceiptMessage }
  /** What became of a half: `refusal` undefined when the peer has it on its disk. */
  | {
      readonly type: 'answered'
      readonly key: string
      readonly refusal: HalfRefusal | undefined
    }
  /** It is given up: the peer could not be told in time, or there are too many. */
  | { readonly type: 'dropped'; readonly key: string }
  /** The link is to be ended, for a fault of the peer if there is one. */
  | { readonly type: 'disconnect'; readonly fault: ReceiptFault | undefined }

interface Offered {
  readonly key: string
  readonly half: SentHalf
  readonly sinceMs: number
  sentMs: number
}

export class SenderMachine implements Machine<SenderInput, SenderOutput> {
  readonly #network: Uint8Array
  /** Not sent on this link yet. */
  #waiting: Offered[] = []
  /** On their way, by their numbers. */
  readonly #sent = new Map<number, Offered>()
  #state: 'idle' | 'connecting' | 'linked' | 'resting' = 'idle'
  #next = 0
  #restMs = RETRY_MS
  #wakeMs = 0

  /** @param network - Id of the mesh whose receipts these are. */
  constructor(network: Uint8Array) {
    this.#network = network
  }

  /** Halves that have no answer yet. */
  get pending(): number {
    return this.#waiting.length + this.#sent.size
  }

  handle(input: SenderInput | TimePassed, nowMs: number): readonly SenderOutput[] {
    switch (input.type) {
      case 'offer':
        return this.#offer(input, nowMs)
      case 'linked':
        return this.#linked(nowMs)
      case 'unlinked':
        return this.#unlinked(nowMs)
      case 'frame':
        return this.#state === 'linked' ? this.#onFrame(input.frame, nowMs) : []
      case 'time-passed':
        return this.#onTime(nowMs)
    }
  }

  deadlineMs(): number | undefined {
    const ends = this.#waiting.slice(0, 1).map(({ sinceMs }) => sinceMs + HALF_LIFE_MS)
    const answers = [...this.#sent.values()].map(({ sentMs }) => sentMs + ANSWER_MS_MAX)
    const wake = this.#state === 'resting' ? [this.#wakeMs] : []
    const soonest = Math.min(...ends, ...answers, ...wake)
    return soonest === Infinity ? undefined : soonest
  }

  #offer({ key, half }: SenderInput & { type: 'offer' }, nowMs: number): readonly SenderOutput[] {
    if (this.pending >= HALVES_WAITING_MAX) return [{ type: 'dropped', key }]
    this.#waiting.push({ key, half, sinceMs: nowMs, sentMs: nowMs })
    if (this.#state === 'linked') return this.#pump(nowMs)
    return this.#state === 'idle' ? this.#connect() : []
  }

  #connect(): readonly SenderOutput[] {
    this.#state = 'connecting'
    return [{ type: 'connect' }]
  }

  #linked(nowMs: number): readonly SenderOutput[] {
    if (this.#state !== 'connecting') return []
    this.#state = 'linked'
    this.#next = 0
    const hello: ReceiptMessage = {
      type: 'hello',
      version: RECEIPT_VERSION,
      network: this.#network,
    }
    return [{ type: 'send', message: hello }, ...this.#pump(nowMs)]
  }

  #pump(nowMs: number): readonly SenderOutput[] {
    const count = Math.max(0, HALVES_IN_FLIGHT_MAX - this.#sent.size)
    return this.#waiting.splice(0, count).map((offered) => {
      const number = this.#next++
      this.#sent.set(number, offered)
      offered.sentMs = nowMs
      return { type: 'send', message: { type: 'half', number, ...offered.half } }
    })
  }

  #onFrame(frame: Uint8Array, nowMs: number): readonly SenderOutput[] {
    const message = decodeReceiptMessage(frame)
    if (message === undefined) return this.#disconnect('RECEIPT_FRAME_INVALID', nowMs)
    const offered = message.type === 'answer' ? this.#sent.get(message.number) : undefined
    if (message.type !== 'answer' || offered === undefined) {
      return this.#disconnect('RECEIPT_OUT_OF_ORDER', nowMs)
    }
    // All of them wait, so that they come in their order when its ledger is open.
    if (message.refusal === 'RECEIPT_NOT_OPEN') return this.#disconnect(undefined, nowMs)
    this.#sent.delete(message.number)
    this.#restMs = RETRY_MS
    const { refusal } = message
    return [{ type: 'answered', key: offered.key, refusal }, ...this.#pump(nowMs)]
  }

  #disconnect(fault: ReceiptFault | undefined, nowMs: number): readonly SenderOutput[] {
    this.#rest(nowMs)
    return [{ type: 'disconnect', fault }]
  }

  #unlinked(nowMs: number): readonly SenderOutput[] {
    if (this.#state !== 'connecting' && this.#state !== 'linked') return []
    this.#rest(nowMs)
    return []
  }

  /** Everything without an answer is told again, in its order. */
  #rest(nowMs: number): void {
    const sent = [...this.#sent].toSorted(([a], [b]) => a - b).map(([, offered]) => offered)
    this.#waiting = [...sent, ...this.#waiting]
    this.#sent.clear()
    this.#state = this.#waiting.length === 0 ? 'idle' : 'resting'
    this.#wakeMs = nowMs + this.#restMs
    this.#restMs = Math.min(2 * this.#restMs, RETRY_MS_MAX)
  }

  #onTime(nowMs: number): readonly SenderOutput[] {
    const late = [...this.#sent.values()].some(({ sentMs }) => nowMs >= sentMs + ANSWER_MS_MAX)
    const ended = late ? this.#disconnect('RECEIPT_TIMED_OUT', nowMs) : []
    const isOver = ({ sinceMs }: Offered): boolean => nowMs >= sinceMs + HALF_LIFE_MS
    const over = this.#waiting.filter(isOver)
    this.#waiting = this.#waiting.filter((offered) => !isOver(offered))
    const dropped = over.map(({ key }): SenderOutput => ({ type: 'dropped', key }))
    if (this.#state !== 'resting' || nowMs < this.#wakeMs) return [...ended, ...dropped]
    if (this.#waiting.length > 0) return [...ended, ...dropped, ...this.#connect()]
    this.#state = 'idle'
    return [...ended, ...dropped]
  }
}
