/**
 * How long the steps of one text took in one stage.
 *
 * @module
 */

import type { Hop, ReadyRecord } from '../../../protocols/inference/index.ts'
import { PositionSamples } from '../jobs/position-fit.ts'
import type { SpeedSample } from '../jobs/speed-table.ts'

/** Texts that are under way, on average, up to which one counts as alone. */
const ALONE_MAX = 1.2

export class StagePace {
  readonly #computed = new PositionSamples()
  #besideMs = 0
  #count = 0

  /** A step of one row at `position`. */
  add(position: number, { computeUs, heldUs }: Hop): void {
    this.#computed.add(position, computeUs / 1000)
    this.#besideMs += Math.max(0, heldUs - computeUs) / 1000
    this.#count++
  }

  /** What a plan is made of; undefined without any step, or where there were others. */
  sample(
    range: Pick<SpeedSample, 'fromLayer' | 'toLayer'>,
    streams: number,
  ): SpeedSample | undefined {
    const computeMs = this.#computed.meanMs
    if (computeMs === undefined) return undefined
    // Among others a step takes as long as the run that it is in, and waits for the one before.
    if (streams > ALONE_MAX) return undefined
    const positions = this.#computed.sums()
    return {
      ...range,
      computeMs,
      stepMs: this.#besideMs / this.#count,
      source: 'alone',
      ...(positions === undefined ? {} : { positions }),
    }
  }
}

/** What the test of a stage measured before it served, in ms. */
export function testedTimes({ stepUs = 0, besideUs, chunkUs }: ReadyRecord) {
  const ms = (us: number | undefined): number | undefined =>
    us === undefined ? undefined : us / 1000
  return { stepMs: stepUs / 1000, besideMs: ms(besideUs), chunkMs: ms(chunkUs) }
}
