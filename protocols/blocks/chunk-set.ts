/**
 * A set of chunk indices, kept as one bit each.
 *
 * Bit `i` of a set is bit `i % 8`, from the least significant, of byte `i / 8`. The bits
 * past the end are zero, so that a set has one form on disk and on the wire.
 *
 * @module
 */

export class ChunkSet {
  /** Indices lie in [0, length). */
  readonly length: number
  readonly #bits: Uint8Array
  #size = 0

  constructor(length: number) {
    this.length = length
    this.#bits = new Uint8Array(Math.ceil(length / 8))
  }

  /** The set of `length` chunks that has these bits, or undefined when they are not of that form. */
  static fromBits(bits: Uint8Array, length: number): ChunkSet | undefined {
    if (bits.length !== Math.ceil(length / 8)) return undefined
    const spare = 8 * bits.length - length
    if (spare > 0 && (bits[bits.length - 1] ?? 0) >> (8 - spare) !== 0) return undefined
    const set = new ChunkSet(length)
    for (let index = 0; index < length; index++) {
      if (((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0) set.add(index)
    }
    return set
  }

  /** Every index in [0, length). */
  static full(length: number): ChunkSet {
    const set = new ChunkSet(length)
    for (let index = 0; index < length; index++) set.add(index)
    return set
  }

  /** How many indices it holds. */
  get size(): number {
    return this.#size
  }

  has(index: number): boolean {
    return index >= 0 && index < this.length && this.#bit(index)
  }

  /** True when `index`, which must lie in [0, length), was not there before. */
  add(index: number): boolean {
    if (this.#bit(index)) return false
    this.#bits[index >> 3] = (this.#bits[index >> 3] ?? 0) | (1 << (index & 7))
    this.#size++
    return true
  }

  /** True when `index` was there before. */
  delete(index: number): boolean {
    if (!this.has(index)) return false
    this.#bits[index >> 3] = (this.#bits[index >> 3] ?? 0) & ~(1 << (index & 7))
    this.#size--
    return true
  }

  /** Indices that are not there, ascending. */
  missing(): readonly number[] {
    const missing: number[] = []
    for (let index = 0; index < this.length; index++) if (!this.#bit(index)) missing.push(index)
    return missing
  }

  /** A copy of the bits. */
  toBits(): Uint8Array {
    return Uint8Array.from(this.#bits)
  }

  #bit(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
  }
}
