/**
 * The port through which a device hears, before it writes, what others hold of its ledger.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { LedgerContext, RecalledHead } from '../../ledger/index.ts'

/** The ledger that is asked about: one's own. */
export interface OwnLog {
  readonly context: LedgerContext
  readonly device: PeerId
  /** Its id. */
  readonly log: Uint8Array
}

/** What peers hold of it. Heads are signed by its device, and nothing more is known of them. */
export interface RecalledLedger {
  /** The latest head that each peer that answered holds; undefined for one that holds none. */
  readonly answers: readonly (RecalledHead | undefined)[]
  /** Heads under which some peer holds all entries. */
  readonly whole: readonly RecalledHead[]
  /** The entries from `from` on under one of these heads, encoded; undefined when nobody gives them. */
  suffix(head: RecalledHead, from: number): Promise<readonly Uint8Array[] | undefined>
}

export interface LedgerPeers {
  /** Asks whoever can be reached; resolves after some seconds at most, and when `signal` aborts. */
  recall(own: OwnLog, signal: AbortSignal): Promise<RecalledLedger>
  /** One entry of the own log, as a peer has it. */
  entry(own: OwnLog, seq: number, signal: AbortSignal): Promise<Uint8Array | undefined>
}
