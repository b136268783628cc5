/**
 * The root over the rows of a walk, by domain: what an epoch certifies of who worked for whom.
 *
 * @module
 */

import type { Sha256 } from '../core/crypto.ts'
import { leafHash, MerkleTree } from '../core/merkle-tree.ts'
import type { DomainTable } from './domain-table.ts'
import { HASH_BYTES, ROW_EDGES_MAX } from './limits.ts'
import type { WalkGraph } from './walk.ts'

/** What weights are below: a rank and a weight are one number, and sort as one. */
const KEY_WEIGHTS = 65_536

/** Bytes of an edge in a leaf: the id of its target, and its weight. */
const EDGE_BYTES: number = HASH_BYTES + 2

/** RFC 9162 root over one leaf for each domain, by id: the id, and each edge of its row by id. */
export function graphRoot(sha256: Sha256, graph: WalkGraph, domains: DomainTable): Uint8Array {
  const { offsets, targets, weights } = graph
  const ranks = domains.ranks()
  const byRank = new Uint32Array(ranks.length)
  for (const [index, rank] of ranks.entries()) byRank[rank] = index
  const tree = new MerkleTree(sha256)
  const keys = new Float64Array(ROW_EDGES_MAX)
  for (const index of byRank) {
    const start = offsets[index] as number
    const row = keys.subarray(0, (offsets[index + 1] as number) - start)
    for (let at = 0; at < row.length; at++) {
      const rank = ranks[targets[start + at] as number] as number
      row[at] = rank * KEY_WEIGHTS + (weights[start + at] as number)
    }
    row.sort()
    const leaf = new Uint8Array(HASH_BYTES + row.length * EDGE_BYTES)
    domains.writeId(index, leaf, 0)
    writeEdges(leaf, row, (rank) => byRank[rank] as number, domains)
    tree.append(leafHash(sha256, leaf))
  }
  return tree.root()
}

/** @param keys - For each edge {@link KEY_WEIGHTS} times the rank of its target, and its weight; in order. */
function writeEdges(
  leaf: Uint8Array,
  keys: Float64Array,
  indexOf: (rank: number) => number,
  domains: DomainTable,
): void {
  let at = HASH_BYTES
  for (const key of keys) {
    const weight = key % KEY_WEIGHTS
    domains.writeId(indexOf((key - weight) / KEY_WEIGHTS), leaf, at)
    leaf[at + HASH_BYTES] = weight >> 8
    leaf[at + HASH_BYTES + 1] = weight & 255
    at += EDGE_BYTES
  }
}
