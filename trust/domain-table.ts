/**
 * The domains of a mesh by small numbers, so that everything else about them lies in typed arrays.
 *
 * Numbers follow the order in which domains became known, which differs between devices: nothing
 * that others see may depend on them. What needs an order takes {@link DomainTable.ranks}.
 *
 * @module
 */

import { compareBytes } from '../core/bytes.ts'
import { HASH_BYTES } from './limits.ts'

/** Bytes of an id that a key of the map is made of: what a number holds exactly. */
const PREFIX_BYTES = 6
const NONE = -1

export class DomainTable {
  #ids = new Uint8Array(HASH_BYTES * 64)
  /** The next domain with the same prefix: nobody can be made to search long without 2^48 hashes a step. */
  readonly #next: number[] = []
  readonly #first = new Map<number, number>()
  #ranks: Uint32Array | undefined

  get size(): number {
    return this.#next.length
  }

  /** The same, to go on with on its own. */
  copy(): DomainTable {
    const copy = new DomainTable()
    copy.#ids = this.#ids.slice()
    for (const next of this.#next) copy.#next.push(next)
    for (const [prefix, index] of this.#first) copy.#first.set(prefix, index)
    copy.#ranks = this.#ranks
    return copy
  }

  /** All ids by number, to be kept. */
  pack(): Uint8Array {
    return this.#ids.slice(0, this.size * HASH_BYTES)
  }

  /** The same again; undefined for bytes that are no different ids. */
  static unpack(ids: Uint8Array): DomainTable | undefined {
    const table = new DomainTable()
    for (let at = 0; at + HASH_BYTES <= ids.length; at += HASH_BYTES) {
      table.intern(ids.slice(at, at + HASH_BYTES))
    }
    return table.size * HASH_BYTES === ids.length ? table : undefined
  }

  /** The number of a domain, or -1 when it is not known. */
  find(id: Uint8Array): number {
    let index = this.#first.get(prefixOf(id)) ?? NONE
    while (index !== NONE && !this.#is(index, id)) index = this.#next[index] ?? NONE
    return index
  }

  /** The number of a domain, which becomes known if it was not. */
  intern(id: Uint8Array): number {
    const known = this.find(id)
    if (known !== NONE) return known
    const index = this.#next.length
    const prefix = prefixOf(id)
    this.#next.push(this.#first.get(prefix) ?? NONE)
    this.#first.set(prefix, index)
    if ((index + 1) * HASH_BYTES > this.#ids.length) {
      const grown = new Uint8Array(2 * this.#ids.length)
      grown.set(this.#ids)
      this.#ids = grown
    }
    this.#ids.set(id, index * HASH_BYTES)
    this.#ranks = undefined
    return index
  }

  /** The id of a domain: a view, which holds until the next one becomes known. */
  id(index: number): Uint8Array {
    return this.#ids.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
  }

  /** The place of each domain when all are sorted by id, by number. */
  ranks(): Uint32Array {
    if (this.#ranks !== undefined) return this.#ranks
    const sorted = Uint32Array.from({ length: this.size }, (_, index) => index)
    sorted.sort((a, b) => compareBytes(this.id(a), this.id(b)))
    const ranks = new Uint32Array(this.size)
    for (const [rank, index] of sorted.entries()) ranks[index] = rank
    this.#ranks = ranks
    return ranks
  }

  #is(index: number, id: Uint8Array): boolean {
    const start = index * HASH_BYTES
    for (let at = 0; at < HASH_BYTES; at++) if (this.#ids[start + at] !== id[at]) return false
    return true
  }
}

function prefixOf(id: Uint8Array): number {
  let prefix = 0
  for (let at = 0; at < PREFIX_BYTES; at++) prefix = prefix * 256 + (id[at] as number)
  return prefix
}
