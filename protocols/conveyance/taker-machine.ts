/**
 * The side that wants items: those that it names, or of all that the other has, those that it chooses.
 *
 *     new       opened → asked, or fetching what was named
 *     asked     have → choosing
 *     choosing  chosen → fetching
 *     fetching  item → (take) → fetching the next, or over
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import type { ConveyanceFault } from './errors.ts'
import { CONVEYANCE_MS_MAX, WANTED_MAX } from './limits.ts'
import { type ConveyanceMessage, decodeConveyance, type ItemName } from './messages.ts'

export type TakerInput =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  | { readonly type: 'ended' }
  /** Answers `choose`. */
  | { readonly type: 'chosen'; readonly items: readonly ItemName[] }

export type TakerOutput =
  | { readonly type: 'send'; readonly message: ConveyanceMessage }
  | { readonly type: 'choose'; readonly items: readonly ItemName[] }
  /** An item that has the hash it was asked for by. */
  | { readonly type: 'take'; readonly kind: ItemName['kind']; readonly body: Uint8Array }
  /** Nothing comes after it. */
  | { readonly type: 'over'; readonly fault?: ConveyanceFault }

export class TakerMachine implements Machine<TakerInput, TakerOutput> {
  readonly #sha256: Sha256
  readonly #named: readonly ItemName[] | undefined
  #state: 'new' | 'asked' | 'choosing' | 'fetching' | 'over' = 'new'
  #wanted: ItemName[] = []
  #deadlineMs: number | undefined

  /** @param named - What is wanted; undefined to be told what there is. */
  constructor(sha256: Sha256, named?: readonly ItemName[]) {
    this.#sha256 = sha256
    this.#named = named
  }

  handle(input: TakerInput | TimePassed, nowMs: number): readonly TakerOutput[] {
    if (this.#state === 'over') return []
    switch (input.type) {
      case 'opened':
        return this.#onOpened(nowMs)
      case 'frame':
        return this.#onFrame(input.frame)
      case 'chosen':
        return this.#state === 'choosing' ? this.#fetch(input.items) : []
      case 'ended':
        return this.#over('CONVEYANCE_LINK_ENDED')
      case 'time-passed':
        return nowMs < (this.#deadlineMs ?? Infinity) ? [] : this.#over('CONVEYANCE_TIMED_OUT')
    }
  }

  deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  #onOpened(nowMs: number): readonly TakerOutput[] {
    if (this.#state !== 'new') return []
    this.#deadlineMs = nowMs + CONVEYANCE_MS_MAX
    if (this.#named !== undefined) return this.#fetch(this.#named)
    this.#state = 'asked'
    return [{ type: 'send', message: { type: 'ask' } }]
  }

  #onFrame(frame: Uint8Array): readonly TakerOutput[] {
    const message = decodeConveyance(frame)
    if (message === undefined) return this.#over('CONVEYANCE_FRAME_INVALID')
    if (message.type === 'have' && this.#state === 'asked') {
      this.#state = 'choosing'
      return [{ type: 'choose', items: message.items }]
    }
    if (message.type === 'item' && this.#state === 'fetching') return this.#onItem(message.body)
    return this.#over('CONVEYANCE_OUT_OF_ORDER')
  }

  #onItem(body: Uint8Array | undefined): readonly TakerOutput[] {
    const asked = this.#wanted.shift()
    if (asked === undefined) return this.#over('CONVEYANCE_OUT_OF_ORDER')
    // It may have gone since it was named.
    if (body === undefined) return this.#next()
    if (!bytesEqual(this.#sha256(body), asked.id)) return this.#over('CONVEYANCE_ITEM_FOREIGN')
    return [{ type: 'take', kind: asked.kind, body: body.slice() }, ...this.#next()]
  }

  #fetch(items: readonly ItemName[]): readonly TakerOutput[] {
    this.#state = 'fetching'
    this.#wanted = items.slice(0, WANTED_MAX)
    return this.#next()
  }

  #next(): readonly TakerOutput[] {
    const [next] = this.#wanted
    if (next === undefined) return this.#over()
    return [{ type: 'send', message: { type: 'want', ...next } }]
  }

  #over(fault?: ConveyanceFault): readonly TakerOutput[] {
    this.#state = 'over'
    this.#deadlineMs = undefined
    return [fault === undefined ? { type: 'over' } : { type: 'over', fault }]
  }
}
