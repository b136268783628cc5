/**
 * The parameters of a mesh as its epochs have changed them.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Verify } from '../../core/crypto.ts'
import {
  type Committee,
  decodeChange,
  EPOCH_LIMITS,
  isChangeOf,
} from '../../protocols/epoch/index.ts'

/** Parameters, and the first epoch in which they hold. */
export interface HeldParameters {
  readonly epoch: number
  readonly parameters: Uint8Array
}

/** The epoch that a change is in, and who decides it. */
export interface ChangePlace {
  readonly network: Uint8Array
  readonly epoch: number
  readonly committee: Committee
}

export class AgreedParameters {
  /** In order; the first are those of the genesis. */
  readonly held: readonly HeldParameters[]
  readonly #genesis: Uint8Array

  constructor(genesis: Uint8Array, changes: readonly HeldParameters[] = []) {
    this.#genesis = genesis
    this.held = [{ epoch: 0, parameters: genesis }, ...changes]
  }

  /** Those that were agreed on since the foundation. */
  get changes(): readonly HeldParameters[] {
    return this.held.slice(1)
  }

  /** How often they were changed. */
  get number(): number {
    return this.changes.length
  }

  /** The latest, which may not hold yet. */
  get latest(): Uint8Array {
    return this.held.at(-1)?.parameters ?? this.#genesis
  }

  /** Those that hold in an epoch. */
  at(epoch: number): Uint8Array {
    return this.held.findLast((one) => one.epoch <= epoch)?.parameters ?? this.#genesis
  }

  /** True when the latest do not hold in `epoch` yet: one change at a time. */
  isChangingIn(epoch: number): boolean {
    return (this.held.at(-1)?.epoch ?? 0) > epoch
  }

  /** The parameters after a change in a cut; undefined when no quorum of its committee wants it. */
  after(verify: Verify, place: ChangePlace, encoded: Uint8Array): AgreedParameters | undefined {
    const { epoch } = place
    const change = decodeChange(encoded)
    const full = this.isChangingIn(epoch) || this.number >= EPOCH_LIMITS.CHANGES_MAX
    if (change.type === 'refused' || full) return undefined
    const { number, parameters } = change.value
    const isWanted =
      number === this.number + 1 &&
      !bytesEqual(parameters, this.at(epoch)) &&
      isChangeOf(verify, place, change.value)
    if (!isWanted) return undefined
    const from = epoch + EPOCH_LIMITS.CHANGE_EPOCHS
    return new AgreedParameters(this.#genesis, [...this.changes, { epoch: from, parameters }])
  }
}
