/**
 * Merkle trees of RFC 9162, section 2.1, over SHA-256, growing at their right edge.
 *
 * Only the roots of the complete subtrees are kept, at most one a bit of the size:
 * that is enough to grow, and to know the root. Proofs need the nodes, which the
 * tree hands out once, when each is complete.
 *
 * @module
 */

import type { Sha256 } from './crypto.ts'
import { invariant } from './invariant.ts'

/** Takes the hash of a complete subtree of 2^level leaves, the index-th of its level from the left. */
export type NodeSink = (level: number, index: number, hash: Uint8Array) => void

/** Section 2.1.1: the hash of a leaf is that of a zero byte and the entry. */
export function leafHash(sha256: Sha256, entry: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + entry.length)
  bytes.set(entry, 1)
  return sha256(bytes)
}

/** Section 2.1.1: that of an inner node is of a one byte and its two children. */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length)
  bytes[0] = 1
  bytes.set(left, 1)
  bytes.set(right, 1 + left.length)
  return sha256(bytes)
}

export class MerkleTree {
  readonly #sha256: Sha256
  readonly #edge: Uint8Array[]
  #size: number

  /**
   * @param size - How many leaves there are already.
   * @param edge - The roots of their complete subtrees, from the left: one for each bit that is set in `size`.
   */
  constructor(sha256: Sha256, size = 0, edge: readonly Uint8Array[] = []) {
    invariant(edge.length === edgeLength(size), 'a tree has one root for each bit of its size')
    this.#sha256 = sha256
    this.#size = size
    this.#edge = [...edge]
  }

  get size(): number {
    return this.#size
  }

  /** The roots of the complete subtrees, from the left. */
  get edge(): readonly Uint8Array[] {
    return [...this.#edge]
  }

  /** Adds a leaf by its hash, and tells `sink` of every subtree that this completes, the leaf first. */
  append(leaf: Uint8Array, sink?: NodeSink): void {
    let hash = leaf
    let index = this.#size
    for (let level = 0; ; level++) {
      sink?.(level, index, hash)
      if (index % 2 === 0) break
      const left = this.#edge.pop()
      invariant(left !== undefined, 'a right child has a left one')
      hash = nodeHash(this.#sha256, left, hash)
      index = (index - 1) / 2
    }
    this.#edge.push(hash)
    this.#size++
  }

  /** The root; of no leaves, the hash of nothing. */
  root(): Uint8Array {
    const last = this.#edge.at(-1)
    if (last === undefined) return this.#sha256(new Uint8Array())
    return this.#edge
      .slice(0, -1)
      .reduceRight((right, left) => nodeHash(this.#sha256, left, right), last)
  }
}

/** How many complete subtrees a tree of this size has: the bits that are set. */
export function edgeLength(size: number): number {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}
