/**
 * When it is calm, every honest device has its ledger, and a stranger finds nothing wrong with the file (L3).
 *
 * @module
 */

import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'

export const ledgersVerify: LedgerChecker = ({ honest }, { ledgers }) =>
  honest.flatMap(({ number }) => {
    const own = ledgers.find(({ device }) => device === number)
    if (own === undefined) return [`device ${number} has no ledger in the end`]
    const { status, problem } = own.report
    return status === 'ok'
      ? []
      : [`the ledger of device ${number} is ${status}: ${problem?.reason}`]
  })
