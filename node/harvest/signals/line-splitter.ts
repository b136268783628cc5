/**
 * Lines of a stream that anyone may write to: bounded in length and in number.
 *
 * @module
 */

export interface LineLimits {
  readonly lineLengthMax: number
  readonly linesPerSecondMax: number
}

/** Makes lines of what comes in pieces; drops those that are too long or too many. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #limits: LineLimits
  #rest = ''
  #skipping = false
  #secondMs = 0
  #lines = 0

  constructor(onLine: (line: string) => void, limits: LineLimits) {
    this.#onLine = onLine
    this.#limits = limits
  }

  /** False when something of it was dropped. */
  push(text: string): boolean {
    const [first = '', ...others] = text.split('\n')
    const parts = [this.#rest + first, ...others]
    this.#rest = parts.pop() ?? ''
    const kept = parts.map((line) => this.#take(line))
    if (this.#rest.length > this.#limits.lineLengthMax) {
      this.#rest = ''
      this.#skipping = true
      return false
    }
    return kept.every(Boolean)
  }

  #take(line: string): boolean {
    if (this.#skipping || line.length > this.#limits.lineLengthMax) {
      // What follows is the end of the line that was too long.
      this.#skipping = false
      return false
    }
    const nowMs = performance.now()
    if (nowMs - this.#secondMs >= 1_000) {
      this.#secondMs = nowMs
      this.#lines = 0
    }
    if (++this.#lines > this.#limits.linesPerSecondMax) return false
    this.#onLine(line)
    return true
  }
}
