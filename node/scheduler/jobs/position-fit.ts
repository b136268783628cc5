/**
 * How the time of a step grows with the tokens before it: a straight line through what was measured.
 *
 * @module
 */

/** Sums over the steps of a stage, of which a line can be fitted. */
export interface PositionSums {
  readonly count: number
  readonly meanPosition: number
  /** Sum of squared distances of the positions from their mean. */
  readonly spread: number
  /** Slope of time over position, relative to the mean time. */
  readonly slope: number
  /** Standard error of {@link PositionSums.slope}. */
  readonly slopeError: number
}

/** Tokens that a text has to be long before it says anything of longer ones: a short one is noise. */
const SPAN_MIN = 64

/** Standard errors that a slope must be above zero to be believed. */
const SURE = 3

/** Collects the steps of one stage in one text. */
export class PositionSamples {
  #count = 0
  #x = 0
  #y = 0
  #xx = 0
  #xy = 0
  #yy = 0

  add(position: number, ms: number): void {
    this.#count++
    this.#x += position
    this.#y += ms
    this.#xx += position * position
    this.#xy += position * ms
    this.#yy += ms * ms
  }

  /** Mean time; undefined without any step. */
  get meanMs(): number | undefined {
    return this.#count === 0 ? undefined : this.#y / this.#count
  }

  /** Undefined where there are too few to fit a line. */
  sums(): PositionSums | undefined {
    const count = this.#count
    if (count < SPAN_MIN || this.#y === 0) return undefined
    const meanPosition = this.#x / count
    const meanMs = this.#y / count
    const spread = this.#xx - count * meanPosition ** 2
    const product = this.#xy - count * meanPosition * meanMs
    const slopeMs = product / spread
    const left = Math.max(0, this.#yy - count * meanMs ** 2 - slopeMs * product)
    const slopeError = Math.sqrt(left / (count - 2) / spread) / meanMs
    return { count, meanPosition, spread, slope: slopeMs / meanMs, slopeError }
  }
}

/** The growth of one device, from all texts that it worked on. */
export class PositionFit {
  #weight = 0
  #growth = 0
  #error = Number.POSITIVE_INFINITY

  /** Weighs each text by how sure its slope is. */
  add({ slope, slopeError, meanPosition }: PositionSums): void {
    if (!(slopeError > 0) || !Number.isFinite(slope)) return
    // From "relative to the mean time" to "relative to the time at the beginning".
    const atStart = 1 - slope * meanPosition
    if (atStart <= 0) return
    const growth = slope / atStart
    const weight = (atStart / slopeError) ** 2
    this.#weight += weight
    this.#growth += ((growth - this.#growth) * weight) / this.#weight
    this.#error = 1 / Math.sqrt(this.#weight)
  }

  /** Part of the time at the beginning that each token before a step adds; 0 where that is not sure. */
  get growth(): number {
    return this.#growth > SURE * this.#error ? this.#growth : 0
  }
}
