/**
 * The side that has items: it says which, and gives those that are wanted.
 *
 *     serving  ask → have, want → (look up) → item
 *
 * @module
 */

import type { Machine, TimePassed } from '../../core/machine.ts'
import type { ConveyanceFault } from './errors.ts'
import { CONVEYANCE_MS_MAX, NOTICES_MAX, WANTED_MAX } from './limits.ts'
import { type ConveyanceMessage, decodeConveyance, type ItemName } from './messages.ts'

export type GiverInput =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  | { readonly type: 'ended' }
  /** Answers `list`. */
  | { readonly type: 'listed'; readonly items: readonly ItemName[] }
  /** Answers `look`. */
  | { readonly type: 'looked'; readonly body: Uint8Array | undefined }

export type GiverOutput =
  | { readonly type: 'send'; readonly message: ConveyanceMessage }
  | { readonly type: 'list' }
  | { readonly type: 'look'; readonly item: ItemName }
  /** Nothing comes after it. */
  | { readonly type: 'over'; readonly fault?: ConveyanceFault }

export class GiverMachine implements Machine<GiverInput, GiverOutput> {
  #state: 'serving' | 'listing' | 'looking' | 'over' = 'serving'
  #asked = false
  #given = 0
  #deadlineMs: number | undefined

  handle(input: GiverInput | TimePassed, nowMs: number): readonly GiverOutput[] {
    if (this.#state === 'over') return []
    switch (input.type) {
      case 'opened':
        this.#deadlineMs ??= nowMs + CONVEYANCE_MS_MAX
        return []
      case 'frame':
        return this.#onFrame(input.frame)
      case 'listed':
        return this.#answer('listing', { type: 'have', items: input.items.slice(0, NOTICES_MAX) })
      case 'looked':
        return this.#answer('looking', { type: 'item', body: input.body })
      case 'ended':
        return this.#over()
      case 'time-passed':
        return nowMs < (this.#deadlineMs ?? Infinity) ? [] : this.#over('CONVEYANCE_TIMED_OUT')
    }
  }

  deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  #answer(waiting: 'listing' | 'looking', message: ConveyanceMessage): readonly GiverOutput[] {
    if (this.#state !== waiting) return []
    this.#state = 'serving'
    return [{ type: 'send', message }]
  }

  #onFrame(frame: Uint8Array): readonly GiverOutput[] {
    const message = decodeConveyance(frame)
    if (message === undefined) return this.#over('CONVEYANCE_FRAME_INVALID')
    if (this.#state !== 'serving') return this.#over('CONVEYANCE_OUT_OF_ORDER')
    if (message.type === 'ask' && !this.#asked) {
      this.#asked = true
      this.#state = 'listing'
      return [{ type: 'list' }]
    }
    if (message.type === 'want' && this.#given < WANTED_MAX) {
      this.#given++
      this.#state = 'looking'
      return [{ type: 'look', item: { kind: message.kind, id: message.id.slice() } }]
    }
    return this.#over('CONVEYANCE_OUT_OF_ORDER')
  }

  #over(fault?: ConveyanceFault): readonly GiverOutput[] {
    this.#state = 'over'
    this.#deadlineMs = undefined
    return [fault === undefined ? { type: 'over' } : { type: 'over', fault }]
  }
}
