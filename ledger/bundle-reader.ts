/**
 * Cuts a stream of bytes into the items of a bundle, whatever the pieces in which it comes.
 *
 * @module
 */

import { concatBytes } from '../core/bytes.ts'
import { accept, refuse, type Refused, type Result } from './errors.ts'
import { BUNDLE_ITEM_BYTES_MAX } from './limits.ts'

export interface BundleItem {
  readonly type: number
  /** A view on what was pushed. */
  readonly payload: Uint8Array
}

/** The array of two that every item is. */
const ARRAY_OF_TWO = 0x82
const MAJOR_BYTES = 2

export class BundleReader {
  /** The beginning of an item whose end has not come. */
  #rest: Uint8Array = new Uint8Array()

  /** True when nothing of an item is left over. */
  get idle(): boolean {
    return this.#rest.length === 0
  }

  /** The items that are whole now; after one that is refused, none. */
  *push(chunk: Uint8Array): Generator<Result<BundleItem>, void> {
    const bytes = this.#rest.length === 0 ? chunk : concatBytes([this.#rest, chunk])
    let at = 0
    for (;;) {
      const head = headAt(bytes, at)
      if (head === undefined) break
      if (head.type === 'refused') {
        yield head
        return
      }
      const { type, start, end } = head.value
      if (end > bytes.length) break
      at = end
      yield accept({ type, payload: bytes.subarray(start, end) })
    }
    // A copy: the chunk is its owner's again.
    this.#rest = Uint8Array.from(bytes.subarray(at))
  }
}

interface ItemHead {
  readonly type: number
  readonly start: number
  readonly end: number
}

/** Where the item at `at` lies; undefined when its first bytes are not there yet. */
function headAt(bytes: Uint8Array, at: number): Result<ItemHead> | undefined {
  const [array, type, string] = [bytes[at], bytes[at + 1], bytes[at + 2]]
  if (array === undefined) return undefined
  if (array !== ARRAY_OF_TWO) return malformed()
  if (type === undefined || string === undefined) return undefined
  if (type >= 24 || string >> 5 !== MAJOR_BYTES) return malformed()
  const length = lengthAt(bytes, at + 2)
  if (length === undefined || length.type === 'refused') return length
  const start = at + 2 + length.value.headBytes
  const end = start + length.value.count
  return end - start > BUNDLE_ITEM_BYTES_MAX ? tooLong() : accept({ type, start, end })
}

/** The length of a byte string whose head begins at `at`; undefined when the head is not all there. */
function lengthAt(
  bytes: Uint8Array,
  at: number,
): Result<{ readonly headBytes: number; readonly count: number }> | undefined {
  const short = (bytes[at] ?? 0) & 31
  if (short < 24) return accept({ headBytes: 1, count: short })
  if (short > 26) return short > 27 ? malformed() : tooLong()
  const size = 2 ** (short - 24)
  if (at + 1 + size > bytes.length) return undefined
  let count = 0
  for (let index = 0; index < size; index++) count = count * 256 + (bytes[at + 1 + index] ?? 0)
  const shortest = size === 1 ? 24 : 2 ** (4 * size)
  return count < shortest ? malformed() : accept({ headBytes: 1 + size, count })
}

function malformed(): Refused {
  return refuse('LEDGER_MALFORMED', 'expected an item of a bundle: an array of a type and bytes')
}

function tooLong(): Refused {
  return refuse('LEDGER_TOO_LONG', `expected an item of at most ${BUNDLE_ITEM_BYTES_MAX} bytes`)
}
