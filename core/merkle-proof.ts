/**
 * Proofs of RFC 9162: that a leaf is in a tree (section 2.1.3), and that a tree grew out of another (2.1.4).
 *
 * @module
 */

import { bytesEqual } from './bytes.ts'
import type { Sha256 } from './crypto.ts'
import { invariant } from './invariant.ts'
import { nodeHash } from './merkle-tree.ts'

/** Hashes in a Merkle proof: trees of up to 2^40 leaves, and one more where a proof names its start. */
export const PROOF_HASHES_MAX = 41

/** The hash of the complete subtree of 2^level leaves that is the index-th of its level. */
export type NodeSource = (level: number, index: number) => Uint8Array

/** A place in a tree of `size` leaves. */
export interface LeafPlace {
  readonly index: number
  readonly size: number
}

/** Two sizes of one growing tree, from 1 on. */
export interface Growth {
  readonly first: number
  readonly second: number
}

/** Section 2.1.3.1: the hashes beside the way from the leaf to the root, the lowest first. */
export function inclusionProof(
  sha256: Sha256,
  { index, size }: LeafPlace,
  source: NodeSource,
): readonly Uint8Array[] {
  invariant(index >= 0 && index < size, 'a proof is of a leaf that is in the tree')
  const proof: Uint8Array[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    const left = index < middle
    proof.push(
      left ? rangeRoot(sha256, [middle, end], source) : rangeRoot(sha256, [start, middle], source),
    )
    if (left) end = middle
    else start = middle
  }
  return proof.toReversed()
}

/** Section 2.1.4.1: the hashes by which both roots can be computed. */
export function consistencyProof(
  sha256: Sha256,
  { first, second }: Growth,
  source: NodeSource,
): readonly Uint8Array[] {
  invariant(first >= 1 && first <= second, 'a proof is of a tree that grew')
  if (first === second) return []
  const proof: Uint8Array[] = []
  let [start, end] = [0, second]
  while (first !== end) {
    const middle = start + splitOf(end - start)
    if (first <= middle) {
      proof.push(rangeRoot(sha256, [middle, end], source))
      end = middle
    } else {
      proof.push(rangeRoot(sha256, [start, middle], source))
      start = middle
    }
  }
  // The old tree is a whole subtree of the new one exactly when nothing lies left of it: its root is known.
  if (start > 0) proof.push(rangeRoot(sha256, [start, end], source))
  return proof.toReversed()
}

/** Section 2.1.3.2: the root that follows from a leaf's hash and a proof; undefined when the proof has another shape. */
export function rootOfInclusion(
  sha256: Sha256,
  { index, size }: LeafPlace,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!isCount(index) || !isCount(size) || index >= size || proof.length > PROOF_HASHES_MAX) {
    return undefined
  }
  let root = leaf
  const arrived = climb({ node: index, last: size - 1 }, proof, (hash, side) => {
    root = side === 'left' ? nodeHash(sha256, hash, root) : nodeHash(sha256, root, hash)
  })
  return arrived ? root : undefined
}

/** Both roots that follow from a consistency proof. */
export interface GrowthRoots {
  readonly first: Uint8Array
  readonly second: Uint8Array
}

/**
 * Section 2.1.4.2: the roots that follow from `firstRoot` and a proof; undefined when the proof has another shape.
 *
 * The trees are consistent when both are the roots that they should be.
 */
export function rootsOfConsistency(
  sha256: Sha256,
  { first, second }: Growth,
  firstRoot: Uint8Array,
  proof: readonly Uint8Array[],
): GrowthRoots | undefined {
  if (!isGrowth({ first, second }) || proof.length > PROOF_HASHES_MAX) return undefined
  if (first === second) {
    return proof.length === 0 ? { first: firstRoot, second: firstRoot } : undefined
  }
  // Step 2: a first tree that is complete is a node of the second, and not repeated in the proof.
  const hashes = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof
  const [seed, ...path] = hashes
  if (seed === undefined) return undefined
  let place: Place = { node: first - 1, last: second - 1 }
  while (place.node % 2 === 1) place = above(place)
  let roots: GrowthRoots = { first: seed, second: seed }
  const arrived = climb(place, path, (hash, side) => {
    roots =
      side === 'left'
        ? {
            first: nodeHash(sha256, hash, roots.first),
            second: nodeHash(sha256, hash, roots.second),
          }
        : { ...roots, second: nodeHash(sha256, roots.second, hash) }
  })
  return arrived ? roots : undefined
}

/** True when `proof` shows that the tree with `roots.second` grew out of the one with `roots.first`. */
export function isConsistent(
  sha256: Sha256,
  growth: Growth,
  roots: GrowthRoots,
  proof: readonly Uint8Array[],
): boolean {
  const found = rootsOfConsistency(sha256, growth, roots.first, proof)
  return (
    found !== undefined &&
    bytesEqual(found.first, roots.first) &&
    bytesEqual(found.second, roots.second)
  )
}

/** MTH of section 2.1.1 over the leaves in [start, end). */
export function rangeRoot(
  sha256: Sha256,
  [start, end]: readonly [number, number],
  source: NodeSource,
): Uint8Array {
  const count = end - start
  if (isPowerOfTwo(count) && start % count === 0) {
    return source(Math.log2(count), start / count)
  }
  const middle = start + splitOf(count)
  return nodeHash(
    sha256,
    rangeRoot(sha256, [start, middle], source),
    rangeRoot(sha256, [middle, end], source),
  )
}

/** The largest power of two that is less than `count`, which is at least 2. */
function splitOf(count: number): number {
  let split = 1
  while (2 * split < count) split *= 2
  return split
}

function isPowerOfTwo(count: number): boolean {
  return count === 1 || (count > 1 && 2 * splitOf(count) === count)
}

/** A node on its level, and the last one of that level. */
interface Place {
  readonly node: number
  readonly last: number
}

/** The loop of both algorithms: tells on which side each hash of a proof joins. True when it ends at the root. */
function climb(
  start: Place,
  hashes: readonly Uint8Array[],
  join: (hash: Uint8Array, side: 'left' | 'right') => void,
): boolean {
  let place = start
  for (const hash of hashes) {
    if (place.last === 0) return false
    const left = place.node % 2 === 1 || place.node === place.last
    join(hash, left ? 'left' : 'right')
    place = above(left ? withSibling(place) : place)
  }
  return place.last === 0
}

/** The last node of a level goes up unchanged until it has a sibling. */
function withSibling(start: Place): Place {
  let place = start
  while (place.node % 2 === 0 && place.node !== 0) place = above(place)
  return place
}

function above({ node, last }: Place): Place {
  return { node: Math.floor(node / 2), last: Math.floor(last / 2) }
}

function isGrowth({ first, second }: Growth): boolean {
  return isCount(first) && isCount(second) && first >= 1 && first <= second
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
