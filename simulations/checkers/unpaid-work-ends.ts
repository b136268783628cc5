/**
 * An honest device that is not settled with does not work on for long: it loses a chunk and what it did in the time
 * that it waits. What is settled in one piece is settled at its end.
 *
 * @module
 */

import { CHUNK_MS, SETTLE_WAIT_MS } from '../../protocols/receipt/index.ts'
import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'

/** Until its halves are on the disks, on a slow way and a slow disk. */
const SLACK_MS = 20_000

export const unpaidWorkEnds: LedgerChecker = ({ deals }) =>
  deals
    .filter(({ plan, provider }) => plan.mode === 'stream' && provider?.liar === undefined)
    .filter(({ unpaidMs }) => unpaidMs > CHUNK_MS + SETTLE_WAIT_MS + SLACK_MS)
    .map(({ plan, unpaidMs }) => {
      const pair = `device ${plan.provider} for device ${plan.requester}`
      return `${pair}: worked for ${Math.round(unpaidMs)} ms without a settlement`
    })
