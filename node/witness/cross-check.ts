/**
 * Compares what this device holds of the ledgers of others with what other witnesses hold of them.
 *
 * A device that shows one history here and another there is found as soon as the two speak.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { HeadFork, RecalledHead } from '../../ledger/index.ts'
import { compareHeads, type HeadComparison } from './fork-finder.ts'
import type { LedgerSource } from './ledger-source.ts'
import type { Mirror } from './mirror.ts'
import type { WitnessBook } from './witness-book.ts'

/** What came of a comparison with one other witness. */
export interface CrossChecked {
  /** The latest head that it holds; undefined when it holds none. */
  readonly held: RecalledHead | undefined
  readonly result: HeadComparison['type'] | 'nothing held'
  readonly fork: HeadFork | undefined
}

/** Compares what is held of the ledger of `device` here with what `source` holds. */
export async function crossCheck(
  { context }: WitnessBook,
  mirror: Mirror,
  source: LedgerSource,
): Promise<CrossChecked> {
  const { device } = mirror
  const { newest: held } = await source.heads(device)
  const mine = held === undefined ? undefined : await mirror.shownOf(held.head.incarnation)
  if (held === undefined || mine === undefined) {
    return { held, result: 'nothing held', fork: undefined }
  }
  const compared = await compareHeads(context, device, [mine, held], (greater, growth) =>
    greater === mine ? ownGrowth(mirror, mine, growth) : source.growth(device, growth),
  )
  const fork = compared.type === 'fork' ? compared.proof : undefined
  return { held, result: compared.type, fork }
}

/** How the tree grew under a head that this device holds, where it has the entries. */
async function ownGrowth(
  mirror: Mirror,
  { head }: RecalledHead,
  growth: { readonly first: number; readonly second: number },
) {
  const here = mirror.whole?.head.incarnation === head.incarnation
  return here ? mirror.growth(growth) : undefined
}

/** Devices whose ledgers are compared with one peer when it connects, at most. */
export const COMPARED_MAX = 64

/** Whose ledgers are compared with `peer`: not its own, nor this device's. */
export function comparable(
  book: WitnessBook,
  parties: { readonly self: PeerId; readonly peer: PeerId },
): readonly PeerId[] {
  const { self, peer } = parties
  return book.devices.filter((device) => device !== self && device !== peer).slice(-COMPARED_MAX)
}
