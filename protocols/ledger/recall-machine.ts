/**
 * Whom a device asks for the latest head of its own ledger before it writes, and when it has heard enough.
 *
 *     begun ── connected → ask, answered or failed ──┬── three answers, or all that there are → enough
 *                                                    ├── an answer, and then silence          → enough
 *                                                    └── nobody in time                       → enough
 *
 * It decides about peers and times only. What the answers mean is decided by ledger/recall.ts.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import {
  RECALL_ANSWERS_ENOUGH,
  RECALL_MS_MAX,
  RECALL_PEERS_MAX,
  RECALL_QUIET_MS,
} from './limits.ts'

export type RecallInput =
  /** How many other members the mesh has that could be asked. */
  | { readonly type: 'begun'; readonly others: number }
  | { readonly type: 'connected'; readonly peer: PeerId }
  /** It said what it holds, be it nothing. */
  | { readonly type: 'answered'; readonly peer: PeerId }
  /** It did not say anything. */
  | { readonly type: 'failed'; readonly peer: PeerId }

export type RecallOutput =
  | { readonly type: 'ask'; readonly peer: PeerId }
  /** Nothing comes after it. */
  | { readonly type: 'enough' }

export class RecallMachine implements Machine<RecallInput, RecallOutput> {
  readonly #asked = new Set<PeerId>()
  readonly #waiting = new Set<PeerId>()
  #answers = 0
  #others: number | undefined
  #endMs: number | undefined
  #over = false

  handle(input: RecallInput | TimePassed, nowMs: number): readonly RecallOutput[] {
    if (this.#over) return []
    if (input.type === 'connected') return this.#ask(input.peer)
    if (input.type === 'begun') {
      this.#others ??= input.others
      this.#endMs ??= nowMs + RECALL_MS_MAX
    } else if (input.type !== 'time-passed') {
      if (!this.#waiting.delete(input.peer)) return []
      if (input.type === 'answered') this.#onAnswer(nowMs)
    }
    return this.#isEnough(nowMs) ? this.#end() : []
  }

  deadlineMs(): number | undefined {
    return this.#over ? undefined : this.#endMs
  }

  #ask(peer: PeerId): readonly RecallOutput[] {
    if (this.#asked.size >= RECALL_PEERS_MAX || this.#asked.has(peer)) return []
    this.#asked.add(peer)
    this.#waiting.add(peer)
    return [{ type: 'ask', peer }]
  }

  #onAnswer(nowMs: number): void {
    this.#answers++
    this.#endMs = Math.min(this.#endMs ?? Infinity, nowMs + RECALL_QUIET_MS)
  }

  #isEnough(nowMs: number): boolean {
    if (this.#others === undefined) return false
    if (nowMs >= (this.#endMs ?? Infinity)) return true
    const enough = Math.min(RECALL_ANSWERS_ENOUGH, this.#others)
    // Whoever was asked and may still answer could know of more.
    return this.#waiting.size === 0 && this.#answers >= enough
  }

  #end(): readonly RecallOutput[] {
    this.#over = true
    return [{ type: 'enough' }]
  }
}
