/**
 * What goes wrong between two devices while one asks the other about a ledger.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type LedgerQuestionFault =
  | 'LEDGER_QUESTION_UNEXPECTED'
  | 'LEDGER_QUESTION_TIMED_OUT'
  | 'LEDGER_QUESTION_LINK_ENDED'
  | 'LEDGER_QUESTION_TOO_MANY'

const peersFault = { retryable: true, exit: 1, status: 502 } as const

export const LEDGER_QUESTION_ERRORS: ErrorTable<LedgerQuestionFault> = {
  LEDGER_QUESTION_UNEXPECTED: {
    meaning:
      'a device sent something that is no message of /brume/ledger/1, or does not belong there',
    hint: 'update both devices to the same version',
    ...peersFault,
  },
  LEDGER_QUESTION_TIMED_OUT: {
    meaning: 'a device that was asked about a ledger did not answer in time',
    hint: 'ask again later',
    ...peersFault,
  },
  LEDGER_QUESTION_LINK_ENDED: {
    meaning: 'the connection ended before a device had answered about a ledger',
    hint: 'see with `brume peers` whether it is connected, and ask again',
    ...peersFault,
  },
  LEDGER_QUESTION_TOO_MANY: {
    meaning: 'a device asked more about ledgers over one link than one may ask',
    hint: 'update brume on that device',
    ...peersFault,
  },
}
