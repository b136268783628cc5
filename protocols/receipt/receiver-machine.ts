/**
 * The side of a link that takes halves: each is judged, and answered once it is on the disk.
 *
 *     opened      hello → speaking
 *     speaking    half, half, … each answered, in any order
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { countsAgainst, type HalfRefusal, type ReceiptFault } from './errors.ts'
import { FAULTS_PER_LINK_MAX, HALVES_IN_FLIGHT_MAX, RECEIPT_VERSION } from './limits.ts'
import { decodeReceiptMessage, type ReceiptMessage, type SentHalf } from './messages.ts'

export type ReceiverInput =
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** Answers `judge`: undefined for a half that is taken and on the disk. */
  | {
      readonly type: 'judged'
      readonly number: number
      readonly refusal: HalfRefusal | undefined
    }

export type ReceiverOutput =
  | { readonly type: 'send'; readonly message: ReceiptMessage }
  | { readonly type: 'judge'; readonly number: number; readonly half: SentHalf }
  /** The peer did what only a broken or dishonest one does. */
  | { readonly type: 'fault'; readonly code: ReceiptFault }
  /** The link is to be ended. Nothing comes after it. */
  | { readonly type: 'over' }

export class ReceiverMachine implements Machine<ReceiverInput, ReceiverOutput> {
  readonly #network: Uint8Array
  readonly #judging = new Set<number>()
  #state: 'opened' | 'speaking' | 'over' = 'opened'
  #next = 0
  #faults = 0

  /** @param network - Id of the mesh whose receipts are taken. */
  constructor(network: Uint8Array) {
    this.#network = network
  }

  handle(input: ReceiverInput | TimePassed): readonly ReceiverOutput[] {
    if (this.#state === 'over') return []
    switch (input.type) {
      case 'frame':
        return this.#onFrame(input.frame)
      case 'judged':
        return this.#onJudged(input.number, input.refusal)
      case 'time-passed':
        return []
    }
  }

  /** A link may be silent for as long as there is no work. */
  deadlineMs(): number | undefined {
    return undefined
  }

  #onFrame(frame: Uint8Array): readonly ReceiverOutput[] {
    const message = decodeReceiptMessage(frame)
    if (message === undefined) return this.#end('RECEIPT_FRAME_INVALID')
    if (message.type === 'hello' && this.#state === 'opened') {
      if (message.version !== RECEIPT_VERSION) return this.#end('RECEIPT_VERSION_UNSUPPORTED')
      if (!bytesEqual(message.network, this.#network)) return this.#end('RECEIPT_NETWORK_MISMATCH')
      this.#state = 'speaking'
      return []
    }
    return message.type === 'half' && this.#state === 'speaking'
      ? this.#onHalf(message)
      : this.#end('RECEIPT_OUT_OF_ORDER')
  }

  #onHalf(message: ReceiptMessage & { type: 'half' }): readonly ReceiverOutput[] {
    const { number, kind, body, signature } = message
    if (number !== this.#next) return this.#end('RECEIPT_OUT_OF_ORDER')
    if (this.#judging.size >= HALVES_IN_FLIGHT_MAX) return this.#end('RECEIPT_OVERLOADED')
    this.#next++
    this.#judging.add(number)
    return [{ type: 'judge', number, half: { kind, body, signature } }]
  }

  #onJudged(number: number, refusal: HalfRefusal | undefined): readonly ReceiverOutput[] {
    if (!this.#judging.delete(number)) return []
    const answer: ReceiverOutput = { type: 'send', message: { type: 'answer', number, refusal } }
    if (refusal === undefined || !countsAgainst(refusal)) return [answer]
    const fault: ReceiverOutput = { type: 'fault', code: refusal }
    return ++this.#faults > FAULTS_PER_LINK_MAX ? [answer, fault, ...this.#over()] : [answer, fault]
  }

  #end(code: ReceiptFault): readonly ReceiverOutput[] {
    return [{ type: 'fault', code }, ...this.#over()]
  }

  #over(): readonly ReceiverOutput[] {
    this.#state = 'over'
    return [{ type: 'over' }]
  }
}
