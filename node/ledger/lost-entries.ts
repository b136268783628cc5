/**
 * Gets back from peers what a ledger lost.
 *
 * @module
 */

import type { RecalledHead } from '../../ledger/index.ts'
import type { RecalledLedger } from './ledger-peers.ts'
import type { LedgerStore } from './ledger-store.ts'

/**
 * Adopts the entries under the latest head under which some peer holds all.
 *
 * @param latest - The latest head that anybody holds; undefined when none is beyond the store.
 * @returns True when entries under `latest` are lost.
 */
export async function getBack(
  store: LedgerStore,
  recalled: RecalledLedger | undefined,
  latest: RecalledHead | undefined,
): Promise<boolean> {
  if (recalled === undefined || latest === undefined) return false
  const candidates = recalled.whole
    .filter(({ head }) => head.size > store.size && head.incarnation >= store.incarnation)
    .toSorted((a, b) => b.head.incarnation - a.head.incarnation || b.head.size - a.head.size)
  for (const candidate of candidates) {
    const suffix = await recalled.suffix(candidate, store.size)
    if (suffix === undefined || !(await store.adopt(candidate, suffix))) continue
    const { size, incarnation } = candidate.head
    return size < latest.head.size || incarnation < latest.head.incarnation
  }
  return true
}
