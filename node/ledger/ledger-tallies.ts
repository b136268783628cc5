/**
 * What this device earned and spent, by its ledger: all of it, by day, and by the other party.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import {
  BundleVerifier,
  type LogFindings,
  type PeerTally,
  type Receipt,
  sideOf,
} from '../../ledger/index.ts'
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

/** Sums of receipts that ended. Credits are in thousandths. */
export type Tally = Omit<PeerTally, 'mflop'>

export interface LedgerTally {
  readonly totals: Totals
  /** The last {@link DAYS_MAX} days with receipts that ended, in UTC as `2026-01-31`, the earliest first. */
  readonly days: ReadonlyMap<string, Tally>
  readonly peers: ReadonlyMap<PeerId, Tally>
  /** Parties beyond those that are counted one by one. */
  readonly others: Tally
}

/** Ten years. */
const DAYS_MAX = 3_660

const NOTHING: Tally = { earnedMilliCredits: 0, spentMilliCredits: 0, settled: 0, disputed: 0 }
/** Length of `2026-01-31`. */
const DAY_LENGTH = 10

export class LedgerTallies {
  readonly #device: PeerId
  #read:
    | { readonly ledger: OpenLedger; readonly writes: number; readonly tally: Promise<LedgerTally> }
    | undefined

  constructor(device: PeerId) {
    this.#device = device
  }

  /**
   * Reads and checks the whole ledger as a stranger would, once for all who ask until something is written.
   *
   * @throws {LedgerStoreError} `LEDGER_STORE_DAMAGED`.
   */
  of(ledger: OpenLedger): Promise<LedgerTally> {
    const { writes } = ledger.store
    if (this.#read?.ledger === ledger && this.#read.writes === writes) return this.#read.tally
    const tally = tallyOf(ledger, this.#device)
    const read = { ledger, writes, tally }
    this.#read = read
    // Whoever asks next reads again: what could not be read may be mended meanwhile.
    tally.catch(() => {
      if (this.#read === read) this.#read = undefined
    })
    return tally
  }
}

async function tallyOf({ store, context }: OpenLedger, device: PeerId): Promise<LedgerTally> {
  const days = new Map<string, Tally>()
  const verifier = new BundleVerifier(context.crypto, {
    ...context,
    signatures: 'heads',
    onReceipt: (receipt, wallMs) => {
      const day = new Date(wallMs).toISOString().slice(0, DAY_LENGTH)
      days.set(day, tallied(days.get(day) ?? NOTHING, receipt, device))
      const [first] = days.keys()
      if (days.size > DAYS_MAX && first !== undefined) days.delete(first)
    },
  })
  for await (const item of store.reader.bundle()) verifier.push(item)
  const { log, problem } = verifier.finish()
  if (problem !== undefined) {
    const { seq, reason } = problem
    throw new LedgerStoreError({ code: 'LEDGER_STORE_DAMAGED', seq, reason })
  }
  invariant(log !== undefined, 'an open ledger has a first entry')
  return { totals: totalsOf(log), days, peers: log.peers, others: log.others }
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
