/**
 * The tokens of one text so far: what penalties look at, and what a rebuilt stage is given again.
 *
 * @module
 */

/** Prompt, then what was generated. Grows and shrinks at its end only. */
export class TokenHistory {
  readonly #tokensMax: number
  #tokens: Int32Array
  #length: number
  #promptLength: number
  readonly #generated = new Map<number, number>()

  /** @param tokensMax - How many tokens it may ever hold, at least those of the prompt: the context of the model. */
  constructor(prompt: ArrayLike<number>, tokensMax: number) {
    this.#tokensMax = tokensMax
    if (prompt.length > tokensMax) {
      throw new RangeError(`expected at most ${tokensMax} tokens, got ${prompt.length}`)
    }
    this.#tokens = new Int32Array(Math.max(16, prompt.length))
    this.#tokens.set(prompt)
    this.#length = prompt.length
    this.#promptLength = prompt.length
  }

  /** Tokens in all. */
  get length(): number {
    return this.#length
  }

  /** Tokens that are not of the prompt. */
  get generatedLength(): number {
    return this.#length - this.#promptLength
  }

  /** How often each token was generated; in the order of first appearance. */
  get generated(): ReadonlyMap<number, number> {
    return this.#generated
  }

  /** The tokens from `start` on: a view that holds until the next change. */
  view(start = 0): Int32Array {
    return this.#tokens.subarray(start, this.#length)
  }

  /** Adds a generated token. @throws {RangeError} when the context is full. */
  append(token: number): void {
    if (this.#length === this.#tokensMax) {
      throw new RangeError(`expected at most ${this.#tokensMax} tokens`)
    }
    if (this.#length === this.#tokens.length) {
      const grown = new Int32Array(Math.min(this.#tokensMax, 2 * this.#length))
      grown.set(this.#tokens)
      this.#tokens = grown
    }
    this.#tokens[this.#length++] = token
    this.#generated.set(token, (this.#generated.get(token) ?? 0) + 1)
  }

  /** Keeps the first `length` tokens. More than there are: nothing changes. */
  truncate(length: number): void {
    for (let at = this.#length - 1; at >= Math.max(length, this.#promptLength); at--) {
      const token = this.#tokens[at] ?? 0
      const count = (this.#generated.get(token) ?? 0) - 1
      if (count > 0) this.#generated.set(token, count)
      else this.#generated.delete(token)
    }
    this.#length = Math.min(this.#length, Math.max(0, length))
    this.#promptLength = Math.min(this.#promptLength, this.#length)
  }
}
