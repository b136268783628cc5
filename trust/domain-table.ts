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

const NONE = -1

export class DomainTable {
  #ids = new Uint8Array(HASH_BYTES * 64)
  #size = 0
  /**
   * The domain that became known last of those whose ids begin alike, and for each the one before it; one more than
   * their numbers, 0 for none. Ids are hashes: who would make others search long needs as many as there are
   * beginnings for each step, and each of its domains in the mesh.
   */
  #last = new Uint32Array(64)
  #before = new Uint32Array(64)
  #ranks: Uint32Array | undefined

  get size(): number {
    return this.#size
  }

  /** The same, to go on with on its own. */
  copy(): DomainTable {
    const copy = new DomainTable()
    copy.#ids = this.#ids.slice()
    copy.#size = this.#size
    copy.#last = this.#last.slice()
    copy.#before = this.#before.slice()
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
    let index = (this.#last[beginningOf(id, 0) & (this.#last.length - 1)] as number) - 1
    while (index !== NONE && !this.#is(index, id)) index = (this.#before[index] as number) - 1
    return index
  }

  /** The number of a domain, which becomes known if it was not. */
  intern(id: Uint8Array): number {
    const known = this.find(id)
    if (known !== NONE) return known
    const index = this.#size++
    if (index === this.#last.length) this.#grow()
    this.#ids.set(id, index * HASH_BYTES)
    this.#link(index)
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

  /** Writes the id of a domain into `bytes`, from `at` on. */
  writeId(index: number, bytes: Uint8Array, at: number): void {
    const start = index * HASH_BYTES
    for (let byte = 0; byte < HASH_BYTES; byte++) {
      bytes[at + byte] = this.#ids[start + byte] as number
    }
  }

  #grow(): void {
    const ids = new Uint8Array(2 * this.#ids.length)
    ids.set(this.#ids)
    this.#ids = ids
    const before = 2 * this.#last.length
    this.#last = new Uint32Array(before)
    this.#before = new Uint32Array(before)
    for (let index = 0; index + 1 < this.#size; index++) this.#link(index)
  }

  #link(index: number): void {
    const slot = beginningOf(this.#ids, index * HASH_BYTES) & (this.#last.length - 1)
    this.#before[index] = this.#last[slot] as number
    this.#last[slot] = index + 1
  }

  #is(index: number, id: Uint8Array): boolean {
    const start = index * HASH_BYTES
    for (let at = 0; at < HASH_BYTES; at++) if (this.#ids[start + at] !== id[at]) return false
    return true
  }
}

/** The first four bytes of an id, of which the lowest bits tell where it is kept. */
function beginningOf(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}
