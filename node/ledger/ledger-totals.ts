/**
 * What this device earned and spent, by its ledger.
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import { BundleVerifier, type LogFindings, type PeerTally } from '../../ledger/index.ts'
import type { OpenLedger } from './device-ledger.ts'
import { LedgerStoreError } from './errors.ts'

/** Sums of all receipts of a ledger. */
export interface Totals {
  /** Thousandths of a credit that others granted to this device. */
  readonly earnedMilliCredits: number
  /** Thousandths of a credit that this device granted to others. */
  readonly spentMilliCredits: number
  readonly settled: number
  readonly disputed: number
  /** Halves that nobody answered, or not yet. */
  readonly unmatched: number
}

export class LedgerTotals {
  #known:
    | { readonly ledger: OpenLedger; readonly writes: number; readonly totals: Totals }
    | undefined

  /**
   * Reads and checks the whole ledger as a stranger would, unless nothing was written since it was last read.
   *
   * @throws {LedgerStoreError} `LEDGER_STORE_DAMAGED`.
   */
  async of(ledger: OpenLedger): Promise<Totals> {
    const { store, context } = ledger
    const { writes } = store
    if (this.#known?.ledger === ledger && this.#known.writes === writes) return this.#known.totals
    const verifier = new BundleVerifier(context.crypto, { ...context, signatures: 'heads' })
    for await (const item of store.reader.bundle()) verifier.push(item)
    const { log, problem } = verifier.finish()
    if (problem !== undefined) {
      const { seq, reason } = problem
      throw new LedgerStoreError({ code: 'LEDGER_STORE_DAMAGED', seq, reason })
    }
    invariant(log !== undefined, 'an open ledger has a first entry')
    const totals = totalsOf(log)
    this.#known = { ledger, writes, totals }
    return totals
  }
}

function totalsOf({ peers, others, receipts }: LogFindings): Totals {
  const tallies = [...peers.values(), others]
  const sum = (key: keyof PeerTally): number =>
    tallies.reduce((total, tally) => total + tally[key], 0)
  const { settled, disputed, unmatched } = receipts
  return {
    earnedMilliCredits: sum('earnedMilliCredits'),
    spentMilliCredits: sum('spentMilliCredits'),
    settled,
    disputed,
    unmatched,
  }
}
