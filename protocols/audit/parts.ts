/**
 * Something long, sent in pieces that follow one another.
 *
 * @module
 */

import { EVIDENCE_BYTES_MAX, PART_BYTES_MAX } from './limits.ts'

/** One piece, and where it belongs. */
export interface Part {
  readonly total: number
  readonly from: number
  readonly bytes: Uint8Array
}

/** The piece of `whole` that begins at `from`: empty at its end. */
export function partOf(whole: Uint8Array, from: number): Part {
  return { total: whole.length, from, bytes: whole.subarray(from, from + PART_BYTES_MAX) }
}

/** All pieces of `whole`, in order; one that is empty when nothing is in it. */
export function partsOf(whole: Uint8Array): readonly Part[] {
  const count = Math.max(1, Math.ceil(whole.length / PART_BYTES_MAX))
  return Array.from({ length: count }, (_, index) => partOf(whole, index * PART_BYTES_MAX))
}

/** Puts pieces together again. Takes no more memory than has come, and never more than it was told. */
export class Assembly {
  readonly #parts: Uint8Array[] = []
  readonly #bytesMax: number
  #total: number | undefined
  #received = 0

  constructor(bytesMax: number = EVIDENCE_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  get received(): number {
    return this.#received
  }

  /** False for a piece that does not follow, is empty before the end, or makes too much. */
  take({ total, from, bytes }: Part): boolean {
    this.#total ??= total
    const fits =
      total === this.#total &&
      total <= this.#bytesMax &&
      from === this.#received &&
      from + bytes.length <= total &&
      (bytes.length > 0 || total === 0)
    if (!fits) return false
    this.#parts.push(bytes)
    this.#received += bytes.length
    return true
  }

  /** The whole, once all of it is there. */
  get whole(): Uint8Array | undefined {
    if (this.#total === undefined || this.#received < this.#total) return undefined
    const whole = new Uint8Array(this.#total)
    let at = 0
    for (const bytes of this.#parts) {
      whole.set(bytes, at)
      at += bytes.length
    }
    return whole
  }
}
