/**
 * The keys and values of one text at one stage, inside the executor that computes with them.
 *
 * onnxruntime writes in place: the same memory is what a run takes and what it gives. The valid
 * part is always the slots from 0 on, without a gap (inference.md 7, rule R2); what lies behind is
 * overwritten before anything reads it. Room grows by doubling, and what a row gives does not
 * depend on how much of it there is.
 *
 * @module
 */

import type { TextMemory } from './text-memory.ts'

/** One pair of tensors of the graph. */
export interface CachedTensor {
  /** Input and output of the graph that share the memory. */
  readonly past: string
  readonly present: string
  readonly heads: number
  readonly headSize: number
}

/** Rows of the smallest room. */
const ROWS_MIN = 128

export class TextCache {
  readonly #tensors: readonly CachedTensor[]
  readonly #rowsMax: number
  readonly #memory: TextMemory
  #data: readonly Float32Array[] = []
  #capacity = 0
  /** Rows that are valid. */
  length = 0

  /** @param rowsMax - Rows that the text may have, those that only pad included. */
  constructor(tensors: readonly CachedTensor[], rowsMax: number, memory: TextMemory) {
    this.#tensors = tensors
    this.#rowsMax = rowsMax
    this.#memory = memory
  }

  get capacity(): number {
    return this.#capacity
  }

  /** The memory of tensor `index`: [1, heads, capacity, headSize]. */
  at(index: number): Float32Array {
    return this.#data[index] ?? new Float32Array(0)
  }

  /** Makes room for `rows` rows, keeping the valid ones. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return
    let capacity = Math.max(ROWS_MIN, this.#capacity)
    while (capacity < rows) capacity *= 2
    capacity = Math.max(rows, Math.min(capacity, this.#rowsMax))
    const outgrown = this.#data
    this.#data = this.#tensors.map(({ heads, headSize }, index) => {
      const grown = this.#memory.take(heads * capacity * headSize)
      const before = this.at(index)
      for (let head = 0; head < heads; head++) {
        const start = head * this.#capacity * headSize
        const valid = before.subarray(start, start + this.length * headSize)
        grown.set(valid, head * capacity * headSize)
      }
      return grown
    })
    this.#capacity = capacity
    for (const array of outgrown) this.#memory.give(array)
  }

  /** Gives all room back. */
  end(): void {
    for (const array of this.#data) this.#memory.give(array)
    this.#data = []
    this.#capacity = 0
    this.length = 0
  }
}
