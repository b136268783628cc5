/**
 * The nodes of the tree as they are kept: one row for all that one write completed.
 *
 * A leaf completes itself and, for each bit at its low end that is set, the subtree above. What
 * came before a leaf can therefore be counted, and a node is found by its place alone.
 *
 * @module
 */

import { edgeLength, HASH_BYTES, type NodePlace } from '../../ledger/index.ts'
import { lastNumber, nodesKey } from './ledger-keys.ts'
import type { LedgerRows, Row, RowChange } from './rows.ts'

/** Nodes over complete subtrees of the first `size` leaves. */
export function nodeCount(size: number): number {
  return 2 * size - edgeLength(size)
}

/** The nodes that the leaves from `start` on completed, in the order of completion, as a row. */
export function nodesRow(start: number, hashes: readonly Uint8Array[]): RowChange {
  const value = new Uint8Array(hashes.length * HASH_BYTES)
  for (const [at, hash] of hashes.entries()) value.set(hash, at * HASH_BYTES)
  return { type: 'put', key: nodesKey(start), value }
}

/** The node at a place; undefined when it is not there. */
export async function readNode(
  rows: LedgerRows,
  { level, index }: NodePlace,
): Promise<Uint8Array | undefined> {
  const leaf = (index + 1) * 2 ** level - 1
  const row = await rowOf(rows, leaf)
  if (row === undefined) return undefined
  const at = (nodeCount(leaf) - nodeCount(startOf(row)) + level) * HASH_BYTES
  return at + HASH_BYTES <= row.value.length ? row.value.slice(at, at + HASH_BYTES) : undefined
}

/** The nodes that the leaves in [from, to) completed, one after another; shorter when some are not there. */
export async function readNodes(rows: LedgerRows, from: number, to: number): Promise<Uint8Array> {
  const out = new Uint8Array((nodeCount(to) - nodeCount(from)) * HASH_BYTES)
  const first = await rowOf(rows, from)
  const later = await rows.range({ from: nodesKey(from + 1), to: nodesKey(to), limit: to - from })
  const found = first === undefined ? later : [first, ...later]
  let filled = 0
  for (const [position, row] of found.entries()) {
    const at = Math.max(from, startOf(row))
    const next = found[position + 1]
    // A row that was written anew stands for all from its start on, whatever an older one has there.
    const end = next === undefined ? to : startOf(next)
    if ((nodeCount(at) - nodeCount(from)) * HASH_BYTES !== filled) break
    const skipped = (nodeCount(at) - nodeCount(startOf(row))) * HASH_BYTES
    const part = row.value.subarray(
      skipped,
      skipped + (nodeCount(end) - nodeCount(at)) * HASH_BYTES,
    )
    out.set(part, filled)
    filled += part.length
  }
  return out.subarray(0, filled)
}

/** The row that holds what `leaf` completed. */
async function rowOf(rows: LedgerRows, leaf: number): Promise<Row | undefined> {
  const range = { from: nodesKey(0), to: nodesKey(leaf + 1), limit: 1, reverse: true }
  const [row] = await rows.range(range)
  return row
}

function startOf({ key }: Row): number {
  return lastNumber(key)
}
