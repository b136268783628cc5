/**
 * Numeric classes of the stages of one text: equal classes give equal bits, and what a text says goes on
 * in another one only where nobody else is left. That it did is told.
 *
 * @module
 */

import { bytesEqual, fromHex, toHex } from '../../../core/bytes.ts'
import type { OpenRecord, ReadyRecord } from '../../../protocols/inference/index.ts'
import type { KeptStage } from '../../api/schemas/kept-text.ts'

type Range = Pick<OpenRecord, 'fromLayer' | 'toLayer'>

export class StageClasses {
  /** Of each stage, the class that the text was begun in. */
  readonly #first: (Uint8Array | undefined)[]
  readonly #ranges: readonly Range[]
  /** True when a text is taken up again whose stages were cut in another way. */
  readonly cutOtherwise: boolean

  /** @param kept - Of a text that is taken up again, what its stages were. */
  constructor(ranges: readonly Range[], kept: readonly KeptStage[] | undefined) {
    this.#ranges = ranges
    this.#first = ranges.map(({ fromLayer, toLayer }) => {
      const same = kept?.find((each) => each.fromLayer === fromLayer && each.toLayer === toLayer)
      return same === undefined ? undefined : fromHex(same.numericClass)
    })
    this.cutOtherwise = kept !== undefined && this.#first.includes(undefined)
  }

  /** What each stage has to be of; undefined where anything will do. */
  get asked(): readonly (Uint8Array | undefined)[] {
    return [...this.#first]
  }

  /** A device holds a stage. False when it computes in another class than the one before it. */
  seated(stage: number, { numericClass }: Pick<ReadyRecord, 'numericClass'>): boolean {
    const first = this.#first[stage]
    this.#first[stage] ??= numericClass
    return first === undefined || bytesEqual(first, numericClass)
  }

  /** To be kept; undefined before every stage had a device. */
  get kept(): readonly KeptStage[] | undefined {
    const kept = this.#ranges.flatMap(({ fromLayer, toLayer }, stage) => {
      const first = this.#first[stage]
      return first === undefined ? [] : [{ fromLayer, toLayer, numericClass: toHex(first) }]
    })
    return kept.length === this.#ranges.length ? kept : undefined
  }
}
