/**
 * What a device earned and spent, by day and by the other party, as its ledger says.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { BundleVerifier, type PeerTally, type Receipt, sideOf } from '../../ledger/index.ts'
import type { OpenLedger } from './device-ledger.ts'

/** Sums of receipts that ended. Credits are in thousandths. */
export type Tally = Omit<PeerTally, 'mflop'>

export interface LedgerSummary {
  /** By day in UTC, as `2026-01-31`, the earliest first. */
  readonly days: ReadonlyMap<string, Tally>
  readonly peers: ReadonlyMap<PeerId, Tally>
  /** Parties beyond those that are counted one by one. */
  readonly others: Tally
}

const NOTHING: Tally = { earnedMilliCredits: 0, spentMilliCredits: 0, settled: 0, disputed: 0 }
/** Length of `2026-01-31`. */
const DAY_LENGTH = 10

/** Reads the whole ledger of `device` as a stranger would; the last `daysMax` days are kept. */
export async function summaryOf(
  { store, context }: OpenLedger,
  device: PeerId,
  daysMax: number,
): Promise<LedgerSummary> {
  const days = new Map<string, Tally>()
  const verifier = new BundleVerifier(context.crypto, {
    ...context,
    signatures: 'heads',
    onReceipt: (receipt, wallMs) => {
      const day = new Date(wallMs).toISOString().slice(0, DAY_LENGTH)
      days.set(day, tallied(days.get(day) ?? NOTHING, receipt, device))
      const [first] = days.keys()
      if (days.size > daysMax && first !== undefined) days.delete(first)
    },
  })
  for await (const item of store.reader.bundle()) verifier.push(item)
  const { log } = verifier.finish()
  invariant(log !== undefined, 'an open ledger has a first entry')
  return { days, peers: log.peers, others: log.others }
}

function tallied(tally: Tally, receipt: Receipt, device: PeerId): Tally {
  const { stage, milliCredits } = receipt
  const provides = sideOf(receipt.order, device)?.side === 'provider'
  return {
    earnedMilliCredits: tally.earnedMilliCredits + (provides ? milliCredits : 0),
    spentMilliCredits: tally.spentMilliCredits + (provides ? 0 : milliCredits),
    settled: tally.settled + (stage === 'settled' ? 1 : 0),
    disputed: tally.disputed + (stage === 'disputed' ? 1 : 0),
  }
}
