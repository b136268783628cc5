/**
 * Numeric classes of the stages of one text: equal classes give equal bits, and what a text says goes on
 * in another one only where nobody else is left. That it did is told.
 *
 * @module
 */

import { bytesEqual, fromHex, toHex } from '../../../core/bytes.ts'
import type { OpenRecord, ReadyRecord, WireType } from '../../../protocols/inference/index.ts'
import type { KeptStage } from '../../api/schemas/kept-text.ts'
import type { WireWish } from '../jobs/wire-choice.ts'

type Range = Pick<OpenRecord, 'fromLayer' | 'toLayer'>

/** What is read of a plan. */
export interface StagesPlanned {
  readonly plan: { readonly stages: readonly Range[] }
  readonly wires: readonly (readonly WireType[])[]
}

export class StageClasses {
  /** Of each stage, the class that the text was begun in. */
  readonly #first: (Uint8Array | undefined)[]
  /** Of each stage, the class of the device that had it first, where it was known. */
  readonly #devices: (string | undefined)[]
  readonly #ranges: readonly Range[]
  readonly #wires: readonly WireType[]
  /** True when a text is taken up again whose stages were cut in another way. */
  readonly cutOtherwise: boolean

  /** @param kept - Of a text that is taken up again, what its stages were. */
  constructor({ plan, wires }: StagesPlanned, kept: readonly KeptStage[] | undefined) {
    const ranges = plan.stages
    this.#ranges = ranges
    this.#wires = wires[0] ?? []
    const before = ranges.map(({ fromLayer, toLayer }) =>
      kept?.find((each) => each.fromLayer === fromLayer && each.toLayer === toLayer),
    )
    this.#first = before.map((same) =>
      same === undefined ? undefined : fromHex(same.numericClass),
    )
    this.#devices = before.map((same) => same?.deviceClass)
    this.cutOtherwise = kept !== undefined && this.#first.includes(undefined)
  }

  /** What each stage has to be of; undefined where anything will do. */
  get asked(): readonly (Uint8Array | undefined)[] {
    return [...this.#first]
  }

  /**
   * A device holds a stage. False when it computes in another class than the one before it.
   *
   * @param deviceClass - What it says that it computes in, where it does.
   */
  seated(
    stage: number,
    { numericClass }: Pick<ReadyRecord, 'numericClass'>,
    deviceClass?: string,
  ): boolean {
    const first = this.#first[stage]
    this.#first[stage] ??= numericClass
    if (first === undefined) this.#devices[stage] = deviceClass
    return first === undefined || bytesEqual(first, numericClass)
  }

  /** To be kept; undefined before every stage had a device. */
  get kept(): readonly KeptStage[] | undefined {
    const kept = this.#ranges.flatMap(({ fromLayer, toLayer }, stage) => {
      const first = this.#first[stage]
      if (first === undefined) return []
      const wire = this.#wires[stage]
      const numericClass = toHex(first)
      const deviceClass = this.#devices[stage]
      return [
        {
          fromLayer,
          toLayer,
          numericClass,
          ...(deviceClass === undefined ? {} : { deviceClass }),
          ...(wire === undefined ? {} : { wire }),
        },
      ]
    })
    return kept.length === this.#ranges.length ? kept : undefined
  }
}

/** How floats cross the cuts of a text: as they did when it was begun, where that was kept, else as was asked. */
export function wiresWished(
  kept: { readonly stages?: readonly KeptStage[] | undefined } | undefined,
  asked: WireWish,
): WireWish {
  const stages = kept?.stages ?? []
  const wires = stages.flatMap(({ toLayer: layer, wire }) => (wire ? { layer, wire } : []))
  return stages.length > 0 && wires.length === stages.length - 1 ? wires : asked
}

/** Layers before which a text was cut, where that was kept and is of use for a model of so many layers. */
export function cutsKept(
  kept: { readonly stages?: readonly KeptStage[] | undefined } | undefined,
  layers: number,
): readonly number[] | undefined {
  const stages = kept?.stages ?? []
  const ends = stages.map(({ toLayer }) => toLayer)
  const isWhole = stages.every(
    ({ fromLayer, toLayer }, at) => fromLayer === (ends[at - 1] ?? 0) && toLayer > fromLayer,
  )
  return isWhole && ends.at(-1) === layers ? ends.slice(0, -1) : undefined
}

/** The class of all devices that a text was begun on; undefined where they had several, or one was not known. */
export function classKept(
  kept: { readonly stages?: readonly KeptStage[] | undefined } | undefined,
): string | undefined {
  const classes = new Set((kept?.stages ?? []).map(({ deviceClass }) => deviceClass))
  return classes.size === 1 ? [...classes][0] : undefined
}
