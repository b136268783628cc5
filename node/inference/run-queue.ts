/**
 * Runs of one stage of one session that wait for its executor.
 *
 * Steps of a text that follow one another are run as one: a replay of a hundred tokens is a few
 * chunks, and gives the same bits as the hundred runs before it (inference.md 7).
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { TextRows } from '../../protocols/inference/index.ts'
import type { ByteBudget } from './byte-budget.ts'
import { joinedRows, splitRows, type TextPart } from './text-parts.ts'

/** Runs handed to an executor at once: one computes while the next one's tensors travel to it. */
const RUNS_AT_ONCE = 2

/** Rows of one run: more take no less time for each, and keep other sessions waiting. */
const ROWS_PER_RUN_MAX = 256

export interface Waiting {
  readonly request: number
  readonly tensors: readonly Tensor[]
  /** Of a text only. */
  readonly rows: TextRows | undefined
}

export interface Ran {
  readonly request: number
  readonly tensors: readonly Tensor[]
  readonly queueUs: number
  readonly computeUs: number
  /** Its part of that, where other texts were run with it: what its requester is charged. */
  readonly ownUs?: number
}

/** What one run of the executor gives: tensors for the next cut. */
export interface RunOutcome {
  readonly tensors: readonly Tensor[]
  readonly computeUs: number
  /** Its part of that, where other texts were run with it: what its requester is charged. */
  readonly ownUs?: number
}

export interface RunQueueComponents {
  readonly clock: Clock
  /** What tensors that wait count against; those of this device itself do not. */
  readonly budget: ByteBudget | undefined
  /** Rows that one run may have while less than all is lent. */
  rowsMax?(): number | undefined
  /** False when nobody needs the answer any more. */
  wants(request: number): boolean
  run(tensors: readonly Tensor[], rows: TextRows | undefined): Promise<RunOutcome>
  onRan(ran: Ran): void
  onFailed(request: number, error: unknown): void
}

interface Entry extends Waiting {
  readonly bytes: number
  readonly sinceMs: number
}

export class RunQueue {
  readonly #components: RunQueueComponents
  readonly #requester: PeerId
  readonly #waiting: Entry[] = []
  #running = 0
  #open = false

  constructor(components: RunQueueComponents, requester: PeerId) {
    this.#components = components
    this.#requester = requester
  }

  /** False, and nothing is kept, when its requester has too much waiting here. */
  push(waiting: Waiting): boolean {
    const bytes = waiting.tensors.reduce((sum, { data }) => sum + data.length, 0)
    if (this.#components.budget?.take(this.#requester, bytes) === false) return false
    this.#waiting.push({ ...waiting, bytes, sinceMs: this.#components.clock.monotonicMs() })
    this.#pump()
    return true
  }

  /** From now on there is an executor. */
  open(): void {
    this.#open = true
    this.#pump()
  }

  /** Drops what waits. */
  close(): void {
    this.#open = false
    for (const entry of this.#waiting.splice(0)) this.#release(entry)
  }

  #release({ bytes }: Entry): void {
    this.#components.budget?.give(this.#requester, bytes)
  }

  #pump(): void {
    while (this.#open && this.#running < RUNS_AT_ONCE) {
      const batch = this.#next()
      if (batch === undefined) return
      void this.#run(batch)
    }
  }

  /** The next run: one request, or those of a text that go on where the first ends. */
  #next(): readonly Entry[] | undefined {
    for (;;) {
      const first = this.#waiting.shift()
      if (first === undefined) return undefined
      if (!this.#components.wants(first.request)) {
        this.#release(first)
        continue
      }
      const batch = [first]
      const rowsMax = this.#components.rowsMax?.() ?? ROWS_PER_RUN_MAX
      while (continues(batch, this.#waiting[0], rowsMax)) batch.push(this.#waiting.shift() as Entry)
      return batch
    }
  }

  async #run(batch: readonly Entry[]): Promise<void> {
    this.#running++
    try {
      const parts = batch.flatMap(({ tensors, rows }): TextPart[] =>
        rows === undefined ? [] : [{ tensors, rows }],
      )
      const { tensors, rows } = parts.length > 1 ? joinedRows(parts) : (batch[0] as Entry)
      const { tensors: made, ...times } = await this.#components.run(tensors, rows)
      const each = parts.length > 1 ? splitRows(made, parts) : [made]
      const nowMs = this.#components.clock.monotonicMs()
      for (const [index, { request, sinceMs }] of batch.entries()) {
        const computeUs = Math.round(times.computeUs / batch.length)
        const ownUs = Math.round((times.ownUs ?? times.computeUs) / batch.length)
        const queueUs = Math.max(0, Math.round((nowMs - sinceMs) * 1000) - computeUs)
        const own = each[index] ?? []
        this.#components.onRan({ request, tensors: own, queueUs, computeUs, ownUs })
      }
    } catch (error) {
      for (const { request } of batch) this.#components.onFailed(request, error)
    } finally {
      this.#running--
      for (const entry of batch) this.#release(entry)
      this.#pump()
    }
  }
}

function continues(batch: readonly Entry[], next: Entry | undefined, rowsMax: number): boolean {
  const last = batch.at(-1)?.rows
  if (last === undefined || next?.rows === undefined) return false
  // Behind a row that is drawn at, the text may go on in another way.
  if (last.drawFrom < last.tokens.length) return false
  const count = batch.reduce((sum, { rows }) => sum + (rows?.tokens.length ?? 0), 0)
  const fits = count + next.rows.tokens.length <= rowsMax
  return fits && next.rows.position === last.position + last.tokens.length
}
