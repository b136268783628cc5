/**
 * Messages of a reconciliation: runs of the order of all items, each with what one side holds of it.
 *
 * The encoding is that of Negentropy, version 1: a byte for the version, then ranges, each a bound, a
 * mode and what belongs to it. Times are told as one more than the difference to the bound before; 0 is
 * the end of everything. What follows the last range is skipped.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import { accept, refuse, type Result } from './errors.ts'
import type { Bound } from './item-set.ts'
import {
  FINGERPRINT_BYTES,
  ID_BYTES,
  LISTED_MAX,
  MESSAGE_BYTES_MAX,
  RANGES_MAX,
  RECONCILE_VERSION,
  TIME_MAX,
} from './limits.ts'
import { decodeVarint, encodeVarint } from './varint.ts'

/** What is said of the items before `end` that come after the range before. */
export type Range =
  /** Nothing: they are the same, or were compared. */
  | { readonly mode: 'skip'; readonly end: Bound }
  | { readonly mode: 'fingerprint'; readonly end: Bound; readonly fingerprint: Uint8Array }
  | { readonly mode: 'list'; readonly end: Bound; readonly ids: readonly Uint8Array[] }

const MODES = ['skip', 'fingerprint', 'list'] as const

/** Writes ranges one after the other, as long as there is room. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [Uint8Array.of(RECONCILE_VERSION)]
  #bytes = 1
  #time = 0

  get bytes(): number {
    return this.#bytes
  }

  add(range: Range): void {
    const { time, prefix } = range.end
    const encodedTime = Number.isFinite(time) ? 1 + time - this.#time : 0
    this.#time = Number.isFinite(time) ? time : this.#time
    this.#push(encodeVarint(encodedTime), encodeVarint(prefix.length), prefix)
    this.#push(encodeVarint(MODES.indexOf(range.mode)))
    if (range.mode === 'fingerprint') this.#push(range.fingerprint)
    else if (range.mode === 'list') this.#push(encodeVarint(range.ids.length), ...range.ids)
  }

  end(): Uint8Array {
    return concatBytes(this.#parts)
  }

  #push(...parts: readonly Uint8Array[]): void {
    for (const part of parts) this.#bytes += part.length
    this.#parts.push(...parts)
  }
}

export function encodeRanges(ranges: readonly Range[]): Uint8Array {
  const writer = new MessageWriter()
  for (const range of ranges) writer.add(range)
  return writer.end()
}

/** The ranges of a message, in order. */
export function decodeRanges(encoded: Uint8Array): Result<readonly Range[]> {
  if (encoded.length > MESSAGE_BYTES_MAX) {
    return refuse('RECONCILE_MESSAGE_TOO_LONG', `expected at most ${MESSAGE_BYTES_MAX} bytes`)
  }
  if (encoded[0] !== RECONCILE_VERSION) {
    const known = encoded.length > 0 && (encoded[0] as number) >> 4 === RECONCILE_VERSION >> 4
    return known
      ? refuse('RECONCILE_VERSION_UNSUPPORTED', 'expected version 1')
      : refuse('RECONCILE_MESSAGE_MALFORMED', 'expected a version')
  }
  const reader = new Reader(encoded, 1)
  const ranges: Range[] = []
  while (!reader.isOver) {
    if (ranges.length >= RANGES_MAX) {
      return refuse('RECONCILE_MESSAGE_TOO_LONG', `expected at most ${RANGES_MAX} ranges`)
    }
    const range = reader.range()
    if (range === undefined) return refuse('RECONCILE_MESSAGE_MALFORMED', 'expected a range')
    ranges.push(range)
  }
  return accept(ranges)
}

class Reader {
  readonly #bytes: Uint8Array
  #at: number
  #time = 0
  #ended = false

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  get isOver(): boolean {
    return this.#at === this.#bytes.length
  }

  /** The next range; undefined when there is none, or it is not after the one before. */
  range(): Range | undefined {
    const end = this.#ended ? undefined : this.#bound()
    const mode = MODES[this.#number(MODES.length - 1) ?? -1]
    if (end === undefined || mode === undefined) return undefined
    if (mode === 'skip') return { mode, end }
    if (mode === 'fingerprint') {
      const fingerprint = this.#take(FINGERPRINT_BYTES)
      return fingerprint && { mode, end, fingerprint }
    }
    const count = this.#number(LISTED_MAX)
    const ids = count === undefined ? undefined : this.#ids(count)
    return ids && { mode, end, ids }
  }

  #bound(): Bound | undefined {
    const told = this.#number(TIME_MAX)
    const length = this.#number(ID_BYTES)
    const prefix = length === undefined ? undefined : this.#take(length)
    if (told === undefined || prefix === undefined) return undefined
    if (told === 0) {
      this.#ended = true
      return prefix.length === 0 ? { time: Infinity, prefix } : undefined
    }
    this.#time += told - 1
    return this.#time < TIME_MAX ? { time: this.#time, prefix } : undefined
  }

  #ids(count: number): readonly Uint8Array[] | undefined {
    const all = this.#take(count * ID_BYTES)
    if (all === undefined) return undefined
    return Array.from({ length: count }, (_, at) =>
      all.subarray(at * ID_BYTES, (at + 1) * ID_BYTES),
    )
  }

  #number(max: number): number | undefined {
    const read = decodeVarint(this.#bytes, this.#at)
    if (read === undefined || read.value > max) return undefined
    this.#at = read.end
    return read.value
  }

  #take(count: number): Uint8Array | undefined {
    const end = this.#at + count
    if (end > this.#bytes.length) return undefined
    const taken = this.#bytes.slice(this.#at, end)
    this.#at = end
    return taken
  }
}
