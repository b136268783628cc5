/**
 * The work of one stage since it was last asked for: what its layers take, however fast the device is.
 *
 * @module
 */

import { elementCount } from '../../core/tensor.ts'
import type { Tensor } from '../../core/tensor.ts'
import { NO_WORK, type Work } from '../../ledger/index.ts'
import type { StageDescription } from '../../models/index.ts'

/** One run of a stage. */
export interface StageRun {
  readonly description: Pick<StageDescription, 'flops' | 'receives'>
  /** What crossed the cut before the stage. */
  readonly received: readonly Tensor[]
  readonly sent: readonly Tensor[]
  /** Rows of a text; undefined for a run of a whole model. */
  readonly rows: number | undefined
  readonly computeUs: number
  /** True when an accelerator computed. */
  readonly accelerated: boolean
}

/** How often the run with which the layers' costs were measured goes into this one. */
export function scaleOf({ description, received, rows }: StageRun): number {
  const { receives } = description
  if (rows !== undefined) return rows / Math.max(1, receives[0]?.dims[1] ?? 1)
  const sample = receives.reduce((sum, { dims }) => sum + elementCount(dims), 0)
  const given = received.reduce((sum, { dims }) => sum + elementCount(dims), 0)
  return sample === 0 ? 1 : given / sample
}

export class WorkMeter {
  #flop = 0
  #cpuUs = 0
  #gpuUs = 0
  #bytesIn = 0
  #bytesOut = 0

  add(run: StageRun): void {
    this.#flop += run.description.flops * scaleOf(run)
    if (run.accelerated) this.#gpuUs += run.computeUs
    else this.#cpuUs += run.computeUs
    this.#bytesIn += bytesOf(run.received)
    this.#bytesOut += bytesOf(run.sent)
  }

  /**
   * The work so far, which is counted from zero again; what is less than a million operations stays.
   *
   * @param elapsedMs - Since the work before it was taken.
   * @param level - Share of the device that its owner grants, from 0 to 1.
   */
  take(elapsedMs: number, level: number): Work {
    const mflop = Math.floor(this.#flop / 1e6)
    const work = {
      ...NO_WORK,
      mflop,
      cpuMs: Math.round(this.#cpuUs / 1_000),
      gpuMs: Math.round(this.#gpuUs / 1_000),
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      elapsedMs: Math.max(0, Math.round(elapsedMs)),
      levelPermille: Math.round(1_000 * level),
    }
    this.#flop -= 1e6 * mflop
    this.#cpuUs = 0
    this.#gpuUs = 0
    this.#bytesIn = 0
    this.#bytesOut = 0
    return work
  }
}

function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { data }) => sum + data.length, 0)
}
