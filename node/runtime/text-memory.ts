/**
 * Memory that the texts of one executor share, so that one which comes and goes leaves no garbage.
 *
 * Texts come by the thousand, and each would take arrays for its keys and values and for its draws.
 * What the collector frees of those comes back in another order each time, and the heap below it
 * frays: an executor grew by 4 kB a text without keeping anything.
 *
 * @module
 */

import { SamplingMemory } from '../../models/index.ts'

/** Bytes of caches that are kept: those of dozens of texts of a small model; large arrays cost little to make. */
const KEPT_BYTES_MAX = 32 * 2 ** 20

export class TextMemory {
  readonly #bytesMax: number
  /** Arrays that were given back, by how many floats they hold. */
  readonly #kept = new Map<number, Float32Array[]>()
  #bytes = 0
  #sampling: SamplingMemory | undefined

  constructor(bytesMax = KEPT_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** Bytes that were given back and not taken again. */
  get bytes(): number {
    return this.#bytes
  }

  /** What draws work in: all of them, as a draw is over before another begins. */
  sampling(vocabularySize: number): SamplingMemory {
    if (this.#sampling?.logits.length !== vocabularySize) {
      this.#sampling = new SamplingMemory(vocabularySize)
    }
    return this.#sampling
  }

  /** So many zeros. */
  take(length: number): Float32Array {
    const array = this.#kept.get(length)?.pop()
    if (array === undefined) return new Float32Array(length)
    this.#bytes -= array.byteLength
    return array.fill(0)
  }

  /** Takes `array` back. Nobody may look at it any more. */
  give(array: Float32Array): void {
    if (array.byteLength === 0 || this.#bytes + array.byteLength > this.#bytesMax) return
    const same = this.#kept.get(array.length)
    if (same === undefined) this.#kept.set(array.length, [array])
    else same.push(array)
    this.#bytes += array.byteLength
  }
}
