/**
 * The ledger side of the API.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { decodeHead } from '../../ledger/index.ts'
import type { LedgerBackend } from '../api/backend.ts'
import type { LedgerHeadView, LedgerView } from '../api/schemas/ledger.ts'
import type { DeviceLedger, OpenLedger } from '../ledger/device-ledger.ts'
import { LedgerTotals } from '../ledger/ledger-totals.ts'

/** One credit is a thousand of what the ledger counts in. */
const MILLI = 1_000

export class DaemonLedgerBackend implements LedgerBackend {
  readonly #ledger: DeviceLedger
  readonly #totals = new LedgerTotals()

  constructor(ledger: DeviceLedger) {
    this.#ledger = ledger
  }

  /** @throws {LedgerStoreError} `LEDGER_NOT_OPEN`. */
  async ledger(): Promise<LedgerView> {
    const open = this.#ledger.opened
    const totals = await this.#totals.of(open)
    const { earnedMilliCredits, spentMilliCredits, settled, disputed, unmatched } = totals
    return {
      log: toHex(open.store.log),
      ...headView(open),
      credits: { earned: earnedMilliCredits / MILLI, spent: spentMilliCredits / MILLI },
      receipts: { settled, disputed, unmatched },
    }
  }
}

/** What the last signed head says. */
export function headView({ store }: OpenLedger): LedgerHeadView {
  const signed = store.head
  const head = signed === undefined ? undefined : decodeHead(signed)
  if (head?.type !== 'value') return { size: 0, incarnation: 0, head: null }
  const { size, root, incarnation, wallMs } = head.value
  return { size, incarnation, head: { root: toHex(root), signedMs: wallMs } }
}
