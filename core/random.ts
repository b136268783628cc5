/**
 * Randomness as a dependency, so that tests and simulations own it.
 *
 * @module
 */

/** A source of random numbers. The daemon's is cryptographic; a simulation's is {@link SeededRandom}. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array
  /** A draw from [0, 1). */
  fraction(): number
}

/**
 * xoshiro128** (Blackman and Vigna, 2018): the same seed gives the same draws on every platform.
 *
 * Fast and well spread, never secret: not for keys.
 */
export class SeededRandom implements Random {
  readonly #state: Uint32Array

  /** @param seed - 16 bytes, not all zero. */
  constructor(seed: Uint8Array) {
    const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength)
    this.#state = Uint32Array.from({ length: 4 }, (_, index) => view.getUint32(4 * index, true))
  }

  /** A generator whose state is spread from one small integer by splitmix32. */
  static fromInteger(seed: number): SeededRandom {
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    let state = seed >>> 0
    for (let index = 0; index < 4; index++) {
      state = (state + 0x9e3779b9) >>> 0
      let word = state ^ (state >>> 16)
      word = Math.imul(word, 0x21f0aaad)
      word ^= word >>> 15
      word = Math.imul(word, 0x735a2d97)
      view.setUint32(4 * index, (word ^ (word >>> 15)) >>> 0, true)
    }
    return new SeededRandom(bytes)
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    const s = this.#state
    const [a = 0, b = 0, c = 0, d = 0] = s
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const mixed = c ^ a
    const turned = d ^ b
    s[1] = b ^ mixed
    s[0] = a ^ turned
    s[2] = mixed ^ (b << 9)
    s[3] = (turned << 11) | (turned >>> 21)
    return result
  }

  fraction(): number {
    return this.uint32() / 2 ** 32
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 255)
  }
}
