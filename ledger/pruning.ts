/**
 * Which parts of an old ledger a device may give up, so that what remains can still be proven.
 *
 * Bodies go first, then the hashes of whole tiles of leaves. The roots left of what is kept
 * stay for ever, at most one a bit of the size: the tree goes on unchanged.
 *
 * @module
 */

import { invariant } from '../core/invariant.ts'

/** Leaves whose hashes are dropped together. */
export const TILE_LEAVES = 256

export interface PruningFacts {
  /** Entries of the log. */
  readonly size: number
  /** The first entry that is not older than the time for which entries are kept. */
  readonly recentFrom: number
  /** The first entry of a receipt that has not ended, or may still be disputed. */
  readonly unsettledFrom: number
  /** Entries under the last head that others have certified; 0 when nobody has. */
  readonly certifiedSize: number
  /** Entries before the last snapshot that is certified itself; 0 when there is none. */
  readonly snapshotSize: number
}

export interface PruningPlan {
  /** Bodies of entries before this one may go; their hashes stay. */
  readonly bodiesFrom: number
  /** Hashes of entries before this one may go as well; a multiple of {@link TILE_LEAVES}. */
  readonly leavesFrom: number
}

/** What may go. Nothing that is not certified goes, and no leaf that no snapshot stands for. */
export function planPruning(facts: PruningFacts): PruningPlan {
  const { size, recentFrom, unsettledFrom, certifiedSize, snapshotSize } = facts
  invariant(certifiedSize <= size && snapshotSize <= size, 'no more is certified than was written')
  const bodiesFrom = Math.min(size, recentFrom, unsettledFrom, certifiedSize)
  const droppable = Math.min(bodiesFrom, snapshotSize)
  return { bodiesFrom, leavesFrom: droppable - (droppable % TILE_LEAVES) }
}

/** A node of the tree: the root of 2^level leaves, the index-th of its level. */
export interface NodePlace {
  readonly level: number
  readonly index: number
}

/**
 * The nodes over the first `size` leaves that are never dropped: the roots of the complete subtrees, from the left.
 *
 * @example
 * ```ts
 * edgeNodes(6) // => [{ level: 2, index: 0 }, { level: 1, index: 2 }]
 * ```
 */
export function edgeNodes(size: number): readonly NodePlace[] {
  const nodes: NodePlace[] = []
  let start = 0
  let level = 0
  while (2 ** (level + 1) <= size) level++
  for (; level >= 0; level--) {
    const count = 2 ** level
    if (Math.floor(size / count) % 2 === 0) continue
    nodes.push({ level, index: start / count })
    start += count
  }
  return nodes
}
