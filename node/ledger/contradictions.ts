/**
 * Finds that another device answered one half of a receipt twice, by what the own ledger holds.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import {
  contradictionOf,
  type Half,
  precedingId,
  type ReceiptContradiction,
} from '../../ledger/index.ts'
import type { OpenLedger } from './device-ledger.ts'

/**
 * A proof that `device` signed `half` and another answer to the same half, which the ledger holds;
 * undefined when it holds none, or when `half` is not signed by `device`.
 */
export async function contradictionBy(
  { context, store }: Pick<OpenLedger, 'context' | 'store'>,
  device: PeerId,
  half: Half,
): Promise<ReceiptContradiction | undefined> {
  const preceding = precedingId(half)
  if (preceding === undefined) return undefined
  for (const kept of await store.reader.answersTo(preceding)) {
    const proof = contradictionOf(context, device, kept, half)
    if (proof !== undefined) return proof
  }
  return undefined
}
