/**
 * What a fault between asker and answerer is called on /brume/ledger/1.
 *
 * @module
 */

import type { QuestionFault } from '../../core/question.ts'
import type { LedgerQuestionFault } from './errors.ts'

/** The code of a fault on a link of /brume/ledger/1. */
export const LEDGER_QUESTION_FAULTS: Readonly<Record<QuestionFault, LedgerQuestionFault>> = {
  unexpected: 'LEDGER_QUESTION_UNEXPECTED',
  late: 'LEDGER_QUESTION_TIMED_OUT',
  ended: 'LEDGER_QUESTION_LINK_ENDED',
  'too-many': 'LEDGER_QUESTION_TOO_MANY',
}
