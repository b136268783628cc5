/**
 * The parameters of a mesh as its epochs have changed them.
 *
 * @module
 */

import type { Verify } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import {
  type ChangePlace,
  EPOCH_LIMITS,
  type EpochParameters,
  isChangeOf,
  type ParameterChange,
  parametersOf,
} from '../../protocols/epoch/index.ts'

/** Parameters as they are encoded, and the first epoch in which they hold. */
export interface HeldParameters {
  readonly epoch: number
  readonly parameters: Uint8Array
}

/** What a mesh was founded with. */
export interface FoundedParameters {
  readonly parameters: Uint8Array
  readonly founder: PeerId
}

export class AgreedParameters {
  /** In order; the first are those of the genesis. */
  readonly held: readonly (HeldParameters & { readonly values: EpochParameters })[]
  readonly #founded: FoundedParameters

  /** `changes` hold parameters that are ones. */
  constructor(founded: FoundedParameters, changes: readonly HeldParameters[] = []) {
    this.#founded = founded
    const { parameters, founder } = founded
    this.held = [{ epoch: 0, parameters }, ...changes].map((one) => {
      const values = parametersOf(one.parameters, founder)
      invariant(values !== undefined, 'a mesh is followed only where its parameters are known')
      return { ...one, values }
    })
  }

  /** Those that were agreed on since the foundation. */
  get changes(): readonly HeldParameters[] {
    return this.held.slice(1).map(({ epoch, parameters }) => ({ epoch, parameters }))
  }

  /** How often they were changed. */
  get number(): number {
    return this.held.length - 1
  }

  /** The latest, which may not hold yet. */
  get latest(): EpochParameters {
    return this.#last.values
  }

  /** Those that hold in an epoch, as they are encoded: a header names them by their hash. */
  at(epoch: number): Uint8Array {
    return this.#holding(epoch).parameters
  }

  valuesAt(epoch: number): EpochParameters {
    return this.#holding(epoch).values
  }

  /** True when parameters are the same as those that hold in `epoch`, however they are encoded. */
  isHeld(parameters: Uint8Array, epoch: number): boolean {
    const wanted = parametersOf(parameters, this.#founded.founder)
    return wanted !== undefined && areSame(wanted, this.valuesAt(epoch))
  }

  /** True when these parameters let trust start elsewhere than those that hold in `epoch`. */
  movesAnchors(parameters: Uint8Array, epoch: number): boolean {
    const wanted = parametersOf(parameters, this.#founded.founder)
    return wanted !== undefined && !areSameAnchors(wanted, this.valuesAt(epoch))
  }

  /** Devices at which trust starts in an epoch, or will. */
  anchorsFrom(epoch: number): readonly PeerId[] {
    const holding = this.held.filter((one) => one === this.#holding(epoch) || one.epoch > epoch)
    return holding.flatMap(({ values }) => values.anchors)
  }

  /** True when the latest do not hold in `epoch` yet: one change at a time. */
  isChangingIn(epoch: number): boolean {
    return this.#last.epoch > epoch
  }

  /** The parameters after a change in a cut; undefined when who decides on it there does not want it. */
  after(verify: Verify, place: ChangePlace, change: ParameterChange): AgreedParameters | undefined {
    const { epoch } = place
    const { number, parameters } = change
    const isFull = this.isChangingIn(epoch) || this.number >= EPOCH_LIMITS.CHANGES_MAX
    const isWanted =
      number === this.number + 1 &&
      isChangeOf(verify, place, change) &&
      !this.isHeld(parameters, epoch)
    if (isFull || !isWanted) return undefined
    const from = epoch + EPOCH_LIMITS.CHANGE_EPOCHS
    return new AgreedParameters(this.#founded, [...this.changes, { epoch: from, parameters }])
  }

  get #last(): AgreedParameters['held'][number] {
    return this.#holding(Number.POSITIVE_INFINITY)
  }

  #holding(epoch: number): AgreedParameters['held'][number] {
    const holding = this.held.findLast((one) => one.epoch <= epoch)
    invariant(holding !== undefined, 'epochs begin with the foundation')
    return holding
  }
}

function areSame(one: EpochParameters, other: EpochParameters): boolean {
  const { epochMs, seatsMax } = one
  return epochMs === other.epochMs && seatsMax === other.seatsMax && areSameAnchors(one, other)
}

function areSameAnchors(one: EpochParameters, other: EpochParameters): boolean {
  return one.anchors.toSorted().join() === other.anchors.toSorted().join()
}
