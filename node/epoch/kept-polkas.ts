/**
 * Polkas of epochs that took more than one round: with them this device answers for itself, and for others.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import {
  type Accusation,
  answersTo,
  type Certificate,
  EPOCH_LIMITS,
} from '../../protocols/epoch/index.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'

/** A polka, and its epoch. */
export interface KeptPolka {
  readonly epoch: number
  readonly polka: Certificate
}

export class KeptPolkas {
  readonly #byEpoch = new Map<number, readonly Certificate[]>()

  /** Every one that is kept. */
  all(): readonly KeptPolka[] {
    return [...this.#byEpoch].flatMap(([epoch, polkas]) =>
      polkas.map((polka) => ({ epoch, polka })),
    )
  }

  /** Keeps polkas that hold; returns those that are new. */
  note(epoch: number, polkas: readonly Certificate[]): readonly Certificate[] {
    const known = this.#byEpoch.get(epoch) ?? []
    const isKnown = ({ round, value }: Certificate): boolean =>
      known.some((one) => one.round === round && bytesEqual(one.value, value))
    const fresh = polkas
      .filter((polka) => !isKnown(polka))
      .slice(0, EPOCH_LIMITS.POLKAS_KEPT_MAX - known.length)
    if (fresh.length > 0) this.#byEpoch.set(epoch, [...known, ...fresh])
    return fresh
  }

  /** One that clears the accused; undefined when none is kept. */
  answerTo(accusation: Accusation): Certificate | undefined {
    return this.#byEpoch.get(accusation.epoch)?.find((polka) => answersTo(accusation, polka))
  }

  /** Gives up those that nobody may be asked for any more: `asked` are the epochs of accusations that wait. */
  sweep(epoch: number, asked: ReadonlySet<number>): void {
    for (const kept of this.#byEpoch.keys()) {
      if (kept < epoch - 2 * TRUST_LIMITS.ACCUSED_EPOCHS_MAX && !asked.has(kept)) {
        this.#byEpoch.delete(kept)
      }
    }
  }
}
