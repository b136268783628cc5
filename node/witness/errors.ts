/**
 * What goes wrong when this device asks others about ledgers.
 *
 * @module
 */

import { CodedError } from '../../core/errors.ts'
import type { LedgerQuestionFault } from '../../protocols/ledger/index.ts'
import type { WitnessFault } from '../../protocols/witness/index.ts'

/** A device that did not answer as the protocol says. */
export class QuestionError extends CodedError<{
  readonly code: LedgerQuestionFault | WitnessFault
}> {
  constructor(code: LedgerQuestionFault | WitnessFault) {
    super({ code }, 'expected an answer about a ledger, got none')
  }
}
