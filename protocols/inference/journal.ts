/**
 * What a stage has sent on and may have to send again.
 *
 * Of a session without a state, what the requester has is forgotten. Of a text it is kept until the
 * end: whoever takes over the next stage needs all of it to have the same keys and values.
 *
 * @module
 */

import type { TensorMessage } from './messages.ts'
import { RowStarts } from './row-starts.ts'
import { rowsOf } from './text-rows.ts'

export interface JournalInit {
  /** What does not fit is not kept. */
  readonly bytesMax: number
  /** True to keep what was released as well. */
  readonly keepsReleased: boolean
}

interface Entry {
  readonly message: TensorMessage
  readonly bytes: number
}

export class Journal {
  readonly #init: JournalInit
  readonly #entries = new Map<number, Entry>()
  readonly #starts = new RowStarts()
  /** Requests that were done but did not fit. */
  readonly #unkept = new Set<number>()
  #bytes = 0
  #released = 0

  constructor(init: JournalInit) {
    this.#init = init
  }

  /** Every request below this one has reached the requester. */
  get released(): number {
    return this.#released
  }

  get(request: number): TensorMessage | undefined {
    return this.#entries.get(request)?.message
  }

  keep(message: TensorMessage): void {
    const { request, tensors } = message
    if (request < this.#released && !this.#init.keepsReleased) return
    const bytes = tensors.reduce((sum, tensor) => sum + tensor.data.length, 0)
    if (this.#bytes + bytes > this.#init.bytesMax) {
      this.#unkept.add(request)
      return
    }
    this.#unkept.delete(request)
    this.#drop(request)
    this.#entries.set(request, { message, bytes })
    this.#bytes += bytes
    const rows = rowsOf(tensors)
    if (rows !== undefined) this.#starts.add(request, rows.position)
  }

  release(request: number): void {
    this.#released = Math.max(this.#released, request)
    if (this.#init.keepsReleased) return
    for (const kept of this.#entries.keys()) if (kept < this.#released) this.#drop(kept)
    for (const unkept of this.#unkept) if (unkept < this.#released) this.#unkept.delete(unkept)
  }

  /**
   * The text goes on at `position`: what lies wholly behind it is of no use to anyone. An entry
   * that reaches across stays as it is, for the step after it forgets the same rows again.
   */
  truncate(position: number): void {
    for (const request of this.#starts.takeFrom(position)) this.#drop(request)
  }

  /** What is kept, in the order of the requests. */
  get messages(): readonly TensorMessage[] {
    return [...this.#entries.values()]
      .map(({ message }) => message)
      .toSorted((a, b) => a.request - b.request)
  }

  /** Requests that were done and are not kept. */
  get missing(): readonly number[] {
    return [...this.#unkept]
  }

  clear(): void {
    this.#entries.clear()
    this.#starts.clear()
    this.#bytes = 0
  }

  #drop(request: number): void {
    this.#bytes -= this.#entries.get(request)?.bytes ?? 0
    this.#entries.delete(request)
  }
}
