/**
 * How long the stages of a text take for one row now, as their outputs tell.
 *
 * @module
 */

import type { Hop } from './tensor-table.ts'
import type { TextRows } from './text-rows.ts'

/** Weight of a new sample in the moving average. */
const ALPHA = 0.2

export class RowTimes {
  readonly #rowUs: number[] = []

  /** A step went through all stages. */
  note(rows: TextRows | undefined, hops: readonly Hop[]): void {
    if (rows?.tokens.length !== 1) return
    for (const [stage, { computeUs }] of hops.entries()) {
      const before = this.#rowUs[stage] ?? computeUs
      this.#rowUs[stage] = before + ALPHA * (computeUs - before)
    }
  }

  /** Microseconds that a stage takes for a row alone; undefined before any. */
  rowUs(stage: number): number | undefined {
    return this.#rowUs[stage]
  }
}
