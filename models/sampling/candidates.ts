/**
 * The tokens that may be drawn, narrowed step by step and then drawn from, without a sort of the vocabulary.
 *
 * Probabilities are whole numbers: the likeliest token has 2^34 shares, another exp(Δ) of it,
 * rounded. Sums of shares are exact, so that neither the order of summation nor the way a filter
 * finds its threshold can change a result. What rounding moves is below 2^-35 of the likeliest
 * token's probability per token, which is less than the rounding of the float32 logits does.
 *
 * Filters look for their threshold in a histogram over the distance from the highest logit; only
 * the bucket that holds the threshold is sorted.
 *
 * @module
 */

import { VOCABULARY_MAX } from '../limits.ts'
import { expOf } from './exponential.ts'
import { BLOCK, BUCKETS, type SamplingMemory } from './sampling-memory.ts'

/** Shares of the likeliest token. Times {@link VOCABULARY_MAX} it is 2^53, up to which doubles count exactly. */
const SHARES = 2 ** 34

/** exp(-24.5) is less than half a share. */
const DISTANCE_MAX = 24.5

/** The candidates of one vocabulary; one object serves all draws of a session. */
export class Candidates {
  readonly #logits: Float32Array
  readonly #bits: Int32Array
  /** Tokens in the order of their ids, and their buckets. The first {@link Candidates.#count} are left. */
  readonly #ids: Int32Array
  readonly #buckets: Uint16Array
  readonly #counts: Int32Array
  readonly #masses: Float64Array
  /** Members of one bucket, as {@link Candidates.#rank} orders them. */
  readonly #ranks: Float64Array
  readonly #blocks: Float64Array
  readonly #distanceMax: number
  readonly #inverse: number
  #count = 0
  #highest = 0

  /**
   * @param memory - Where the logits of every draw will stand. -Infinity: not allowed.
   * @param temperature - Above 0 for draws.
   */
  constructor(memory: SamplingMemory, temperature: number) {
    this.#logits = memory.logits
    this.#bits = memory.bits
    this.#ids = memory.ids
    this.#buckets = memory.buckets
    this.#counts = memory.counts
    this.#masses = memory.masses
    this.#ranks = memory.ranks
    this.#blocks = memory.blocks
    // A temperature above 1 brings back tokens that have no share without it.
    this.#distanceMax = DISTANCE_MAX * Math.max(1, temperature)
    this.#inverse = 1 / temperature
  }

  /** Starts over with all tokens that have a share. @param highest - The highest logit, finite. */
  gather(highest: number): void {
    const logits = this.#logits
    const ids = this.#ids
    const buckets = this.#buckets
    const distanceMax = this.#distanceMax
    const bucketsPerNat = BUCKETS / distanceMax
    let count = 0
    for (let id = 0; id < logits.length; id++) {
      const distance = highest - (logits[id] as number)
      if (distance >= distanceMax) continue
      ids[count] = id
      buckets[count] = Math.min(BUCKETS - 1, distance * bucketsPerNat)
      count++
    }
    this.#count = count
    this.#highest = highest
  }

  /** Keeps the `limit` likeliest; among equals the lowest ids. */
  keepTop(limit: number): void {
    const count = this.#count
    if (count <= limit) return
    const buckets = this.#buckets
    const counts = this.#counts.fill(0)
    for (let at = 0; at < count; at++) {
      const bucket = buckets[at] as number
      counts[bucket] = (counts[bucket] as number) + 1
    }
    let bucket = 0
    let above = 0
    while (above + (counts[bucket] as number) < limit) above += counts[bucket++] as number
    const members = this.#sortedMembers(bucket)
    this.#cut(bucket, members[limit - above - 1] as number)
  }

  /** Keeps the likeliest that together have `fraction` of the probability of all that are left. */
  keepNucleus(fraction: number): void {
    const needed = fraction * this.#weigh()
    const masses = this.#masses
    let bucket = 0
    let above = 0
    // The last bucket is never passed: all masses together are the total.
    while (bucket < BUCKETS - 1 && above + (masses[bucket] as number) < needed) {
      above += masses[bucket++] as number
    }
    const members = this.#sortedMembers(bucket)
    let last = 0
    for (; last < members.length - 1; last++) {
      const id = (members[last] as number) % VOCABULARY_MAX
      above += sharesAt((this.#logits[id] as number) - this.#highest)
      if (above >= needed) break
    }
    this.#cut(bucket, members[last] ?? Number.POSITIVE_INFINITY)
  }

  /** Keeps those whose logits are at most `distance` below the highest. */
  keepWithin(distance: number): void {
    const ids = this.#ids
    let kept = 0
    for (let at = 0; at < this.#count; at++) {
      const id = ids[at] as number
      if (this.#highest - (this.#logits[id] as number) <= distance) ids[kept++] = id
    }
    this.#count = kept
  }

  /**
   * The token at `uniform`, of [0, 1), when those left stand in the order of their ids, each as
   * wide as its probability at the temperature.
   */
  draw(uniform: number): number {
    const count = this.#count
    const blocks = this.#blocks
    let total = 0
    for (let start = 0; start < count; start += BLOCK) {
      const sum = this.#sum(start, Math.min(count, start + BLOCK))
      blocks[start / BLOCK] = sum
      total += sum
    }
    const target = uniform * total
    let passed = 0
    let block = 0
    // Never past the last block, as the target is below the total.
    while (passed + (blocks[block] as number) <= target) passed += blocks[block++] as number
    let at = block * BLOCK
    for (; at < count - 1; at++) {
      passed += this.#sum(at, at + 1)
      if (passed > target) break
    }
    return this.#ids[at] as number
  }

  /** Shares of the candidates [start, end) at the temperature. */
  #sum(start: number, end: number): number {
    const logits = this.#logits
    const ids = this.#ids
    const highest = this.#highest
    const inverse = this.#inverse
    let sum = 0
    for (let at = start; at < end; at++) {
      sum += sharesAt(((logits[ids[at] as number] as number) - highest) * inverse)
    }
    return sum
  }

  /** Shares of each bucket at temperature 1, and of all together. */
  #weigh(): number {
    const logits = this.#logits
    const ids = this.#ids
    const buckets = this.#buckets
    const highest = this.#highest
    const masses = this.#masses.fill(0)
    let total = 0
    for (let at = 0; at < this.#count; at++) {
      const shares = sharesAt((logits[ids[at] as number] as number) - highest)
      const bucket = buckets[at] as number
      masses[bucket] = (masses[bucket] as number) + shares
      total += shares
    }
    return total
  }

  #sortedMembers(bucket: number): Float64Array {
    const buckets = this.#buckets
    let count = 0
    for (let at = 0; at < this.#count; at++) {
      if (buckets[at] === bucket) this.#ranks[count++] = this.#rank(this.#ids[at] as number)
    }
    // oxlint-disable-next-line unicorn/no-array-sort -- in place: nothing is allocated per token.
    return this.#ranks.subarray(0, count).sort()
  }

  /** Keeps all above `bucket`, and of its members those up to the rank `last`. */
  #cut(bucket: number, last: number): void {
    const ids = this.#ids
    const buckets = this.#buckets
    let kept = 0
    for (let at = 0; at < this.#count; at++) {
      const found = buckets[at] as number
      if (found > bucket) continue
      const id = ids[at] as number
      if (found === bucket && this.#rank(id) > last) continue
      ids[kept] = id
      buckets[kept] = found
      kept++
    }
    this.#count = kept
  }

  /** Ascends as the logit falls and, among equal logits, as the id rises. An integer below 2^51. */
  #rank(id: number): number {
    const bits = this.#bits[id] as number
    // Bits of positive floats rise with the float, those of negative ones fall; -0 equals 0.
    const unlikely =
      bits >= 0 || bits === -0x8000_0000 ? 0x7fff_ffff - Math.max(0, bits) : bits >>> 0
    return unlikely * VOCABULARY_MAX + id
  }
}

/** Shares of a token whose logit, over the temperature, is `difference` <= 0 from the highest. */
function sharesAt(difference: number): number {
  return Math.floor(expOf(difference) * SHARES + 0.5)
}
