/**
 * How a successor of a text's stage gets what the holder before it has: copied, or by running the
 * text again. And how far a copy is, at the requester.
 *
 * @module
 */

import { CACHE_CHUNK_BYTES, CACHE_CHUNKS_AHEAD_MAX } from './limits.ts'

/**
 * A copy that takes this much longer than it should is given up. The holder that leaves may be held up
 * at any moment by the owner who wants the device back.
 */
const LATE_FACTOR = 4
const LATE_MS = 500

/** What the two ways would cost. */
export interface MoveCosts {
  /** Rows of the text so far. */
  readonly rows: number
  /** Bytes of the keys and values of one row. */
  readonly rowBytes: number
  /** What the link between the two devices carries, in bytes a millisecond. */
  readonly bytesPerMs: number
  /** Round trip between them, in milliseconds. */
  readonly rttMs: number
  /** One row of the text at the successor, run in a chunk, in microseconds. */
  readonly chunkUs: number
  /** How much longer a row takes now than at the beginning of the text. */
  readonly growth: number
}

/**
 * Milliseconds that a copy takes. Chunks are answered one by one, so that the round trip bounds the
 * rate as well; and it begins and ends with words that go there and back.
 */
export function copyMs({ rows, rowBytes, bytesPerMs, rttMs }: MoveCosts): number {
  const windowed = (CACHE_CHUNKS_AHEAD_MAX * CACHE_CHUNK_BYTES) / Math.max(rttMs, 0.1)
  return 2 * rttMs + (rows * rowBytes) / Math.min(bytesPerMs, windowed)
}

/** Milliseconds that running all rows takes; the later ones look back on more. */
export function replayMs({ rows, chunkUs, growth }: MoveCosts): number {
  return (rows * chunkUs * (1 + Math.max(1, growth))) / 2 / 1000
}

/** The copy to one successor. */
export class SeatCopy {
  #endMs: number | undefined
  #request = 0
  #rows = 0

  /** True while rows are on their way. */
  get active(): boolean {
    return this.#endMs !== undefined
  }

  /** The successor has what came before this request; 0 without a copy. */
  get request(): number {
    return this.#request
  }

  /** Rows that it took over. */
  get rows(): number {
    return this.#rows
  }

  begin(costs: MoveCosts, nowMs: number): void {
    this.#endMs = nowMs + LATE_MS + LATE_FACTOR * copyMs(costs)
  }

  /** The requester itself slept for `sleptMs`: a word that it is all there may wait to be read. */
  excuse(sleptMs: number): void {
    if (this.#endMs !== undefined) this.#endMs += sleptMs
  }

  isLate(nowMs: number): boolean {
    return this.#endMs !== undefined && nowMs > this.#endMs
  }

  /** It is all there. */
  done(request: number, rows: number): void {
    this.#endMs = undefined
    this.#request = request
    this.#rows = rows
  }

  /** There is none. */
  end(): void {
    this.#endMs = undefined
  }
}
