/**
 * A set of items in order, and the fingerprint of any run of it.
 *
 * Items are ordered by time and then by id. The fingerprint is Negentropy's: the sum of the ids as
 * numbers of 256 bits, and how many there are, hashed; a run that two sets have in common has the same.
 *
 * @module
 */

import { compareBytes, concatBytes } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import { FINGERPRINT_BYTES, ID_BYTES, ITEMS_MAX, TIME_MAX } from './limits.ts'
import { encodeVarint } from './varint.ts'

export interface Item {
  /** In [0, {@link TIME_MAX}). */
  readonly time: number
  /** {@link ID_BYTES} that name the item. */
  readonly id: Uint8Array
}

/** Where a run ends: before the first item that is not less. The prefix of an id stands for it and zeros. */
export interface Bound {
  /** Infinity for the end of everything. */
  readonly time: number
  readonly prefix: Uint8Array
}

export const END: Bound = { time: Infinity, prefix: new Uint8Array() }

export class ItemSet {
  readonly items: readonly Item[]
  readonly #sha256: Sha256

  /** @param items - In any order, each once. */
  constructor(sha256: Sha256, items: readonly Item[]) {
    invariant(items.length <= ITEMS_MAX, 'a set that is reconciled has a limit')
    for (const { id, time } of items) {
      invariant(
        id.length === ID_BYTES && time >= 0 && time < TIME_MAX,
        'an item has an id and a time',
      )
    }
    this.#sha256 = sha256
    this.items = items.toSorted((a, b) => a.time - b.time || compareBytes(a.id, b.id))
  }

  /** The first item from `from` on that is not before `bound`. */
  indexOf(bound: Bound, from: number): number {
    let [low, high] = [from, this.items.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(this.items[middle] as Item, bound)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Of the items in [from, to). */
  fingerprint(from: number, to: number): Uint8Array {
    const sum = new Uint8Array(ID_BYTES)
    for (let at = from; at < to; at++) add(sum, (this.items[at] as Item).id)
    const counted = concatBytes([sum, encodeVarint(to - from)])
    return this.#sha256(counted).subarray(0, FINGERPRINT_BYTES)
  }

  /** The shortest bound between the item before `index` and the one at it. */
  boundAt(index: number): Bound {
    const [before, item] = [this.items[index - 1], this.items[index]]
    if (item === undefined) return END
    if (before === undefined || before.time !== item.time) {
      return { time: item.time, prefix: new Uint8Array() }
    }
    let shared = 0
    while (shared < ID_BYTES && before.id[shared] === item.id[shared]) shared++
    return { time: item.time, prefix: item.id.subarray(0, shared + 1) }
  }
}

function isBefore({ time, id }: Item, bound: Bound): boolean {
  if (time !== bound.time) return time < bound.time
  const shared = compareBytes(id.subarray(0, bound.prefix.length), bound.prefix)
  return shared < 0
}

/** Little-endian, modulo 2^256. */
function add(sum: Uint8Array, id: Uint8Array): void {
  let carry = 0
  for (let at = 0; at < ID_BYTES; at++) {
    const total = (sum[at] as number) + (id[at] as number) + carry
    sum[at] = total & 255
    carry = total >> 8
  }
}
