/**
 * When a provider asks for the settlement of what it did, and when it has waited long enough.
 *
 * A stream is cut into chunks of at most {@link CHUNK_TOKENS} tokens or {@link CHUNK_MS}. The
 * next one begins while the settlement of the last is on its way, so that nobody waits; who does
 * not settle within {@link SETTLE_WAIT_MS} gets no more work. What a provider may lose is one
 * chunk, and what it does in that time.
 *
 * @module
 */

import { CHUNK_MS, CHUNK_TOKENS, SETTLE_WAIT_MS } from './limits.ts'

export class ChunkPace {
  /** Tokens since the last result. */
  #tokens = 0
  /** When the first work of this chunk was done; undefined while there is none. */
  #sinceMs: number | undefined
  /** Since when something waits: the order, or the settlement of a result. */
  #askedMs: number | undefined
  #state: 'unordered' | 'open' | 'delivered' = 'unordered'

  /** Work was done: of `tokens` tokens, or none where work is not counted in them. */
  worked(tokens: number, nowMs: number): void {
    this.#tokens += tokens
    this.#sinceMs ??= nowMs
    if (this.#state === 'unordered') this.#askedMs ??= nowMs
  }

  /** There will be no more work: an order has to come now. */
  ended(nowMs: number): void {
    if (this.#state === 'unordered') this.#askedMs ??= nowMs
  }

  ordered(): void {
    if (this.#state !== 'unordered') return
    this.#state = 'open'
    this.#askedMs = undefined
  }

  /** A result was signed over all that was done. */
  delivered(nowMs: number): void {
    this.#state = 'delivered'
    this.#tokens = 0
    this.#sinceMs = undefined
    this.#askedMs = nowMs
  }

  settled(): void {
    if (this.#state !== 'delivered') return
    this.#state = 'open'
    this.#askedMs = undefined
  }

  /** True when a result is due. */
  isDue(nowMs: number): boolean {
    if (this.#state !== 'open' || this.#sinceMs === undefined) return false
    return this.#tokens >= CHUNK_TOKENS || nowMs >= this.#sinceMs + CHUNK_MS
  }

  /** True when the other party had its time to order, or to settle. */
  isOverdue(nowMs: number): boolean {
    return this.#askedMs !== undefined && nowMs >= this.#askedMs + SETTLE_WAIT_MS
  }

  /** When to ask again; undefined for never. */
  deadlineMs(): number | undefined {
    if (this.#askedMs !== undefined) return this.#askedMs + SETTLE_WAIT_MS
    return this.#sinceMs === undefined ? undefined : this.#sinceMs + CHUNK_MS
  }
}
