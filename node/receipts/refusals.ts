/**
 * What the other party is told when its half does not hold.
 *
 * @module
 */

import type { LedgerErrorCode } from '../../ledger/index.ts'
import type { HalfRefusal } from '../../protocols/receipt/index.ts'

const REFUSALS: Partial<Record<LedgerErrorCode, HalfRefusal>> = {
  LEDGER_VERSION_UNSUPPORTED: 'RECEIPT_HALF_UNSUPPORTED',
  LEDGER_SIGNATURE_INVALID: 'RECEIPT_HALF_FORGED',
  LEDGER_HALF_FOREIGN: 'RECEIPT_HALF_FOREIGN',
  LEDGER_HALF_UNLINKED: 'RECEIPT_HALF_UNLINKED',
  LEDGER_HALF_REPLAYED: 'RECEIPT_HALF_REPLAYED',
  LEDGER_SETTLE_EXCESSIVE: 'RECEIPT_EXCESSIVE',
  LEDGER_MODE_BROKEN: 'RECEIPT_MODE_BROKEN',
}

/** What the ledger's refusal of a half is called on the wire. */
export function refusalOf(code: LedgerErrorCode): HalfRefusal {
  return REFUSALS[code] ?? 'RECEIPT_HALF_MALFORMED'
}
