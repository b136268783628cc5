/**
 * Arrays that draws from one vocabulary work in: for 50,000 tokens more than a megabyte.
 *
 * Samplers of any number of texts may share one, as a draw reads nothing in it that another wrote.
 *
 * @module
 */

/** Distances from the highest logit are told apart by so many buckets. */
export const BUCKETS = 2_048

/** Candidates whose shares are summed up before the draw looks at single ones. */
export const BLOCK = 512

export class SamplingMemory {
  readonly logits: Float32Array
  /** The same memory, as integers. */
  readonly bits: Int32Array
  /** Candidates, and the bucket of each. */
  readonly ids: Int32Array
  readonly buckets: Uint16Array
  readonly counts: Int32Array = new Int32Array(BUCKETS)
  readonly masses: Float64Array = new Float64Array(BUCKETS)
  readonly ranks: Float64Array
  readonly blocks: Float64Array
  readonly #penalised: Uint32Array
  #penalties = 0

  constructor(vocabularySize: number) {
    this.logits = new Float32Array(vocabularySize)
    this.bits = new Int32Array(this.logits.buffer)
    this.ids = new Int32Array(vocabularySize)
    this.buckets = new Uint16Array(vocabularySize)
    this.ranks = new Float64Array(vocabularySize)
    this.blocks = new Float64Array(Math.ceil(vocabularySize / BLOCK))
    this.#penalised = new Uint32Array(vocabularySize)
  }

  /** Forgets which tokens were penalised. */
  beginPenalties(): void {
    this.#penalties = (this.#penalties + 1) >>> 0
    if (this.#penalties !== 0) return
    // After 2^32 draws old marks would count again.
    this.#penalised.fill(0)
    this.#penalties = 1
  }

  /** Notes that `token` is penalised. False when it was already. */
  penalise(token: number): boolean {
    if (this.#penalised[token] === this.#penalties) return false
    this.#penalised[token] = this.#penalties
    return true
  }
}
