/**
 * An honest requester grants no more than it saw done, whatever its provider counts.
 *
 * @module
 */

import { ROW_MILLI_CREDITS } from '../ledgers/deal.ts'
import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'

export const nobodyOverpays: LedgerChecker = ({ deals }) =>
  deals.flatMap(({ plan, requester, receipt, rows }) => {
    const { milliCredits = 0 } = receipt ?? {}
    const worth = ROW_MILLI_CREDITS * rows
    if (requester?.liar !== undefined || milliCredits <= worth) return []
    const pair = `device ${plan.requester} granted device ${plan.provider}`
    return [`${pair} ${milliCredits} for what is worth ${worth}`]
  })
