/**
 * An honest device never shows two histories, in no crash (L1), and says nothing that is not on its disk, then and after
 * any crash (L2).
 *
 * @module
 */

import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'

export const saidAndKept: LedgerChecker = ({ testimony }) => testimony.problems
