/**
 * Where nothing happens, all work is settled, and at what it is worth.
 *
 * @module
 */

import { ROW_MILLI_CREDITS } from '../ledgers/deal.ts'
import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'

export const workIsSettled: LedgerChecker = ({ deals }) =>
  deals.flatMap(({ plan, receipt, rows }) => {
    const worth = ROW_MILLI_CREDITS * rows
    const { stage = 'nothing', milliCredits = 0 } = receipt ?? {}
    if (stage === 'settled' && milliCredits === worth) return []
    const pair = `device ${plan.provider} for device ${plan.requester}`
    return [`${pair}: ${stage}, granted ${milliCredits} of ${worth}`]
  })
