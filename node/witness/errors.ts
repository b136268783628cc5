/**
 * What goes wrong when this device asks others about ledgers, or has work audited.
 *
 * @module
 */

import { CodedError } from '../../core/errors.ts'
import type { AuditErrorCode } from '../../protocols/audit/index.ts'
import type { LedgerQuestionFault } from '../../protocols/ledger/index.ts'
import type { WitnessFault } from '../../protocols/witness/index.ts'

/** A device that did not answer as the protocol says. */
export class QuestionError extends CodedError<{
  readonly code: LedgerQuestionFault | WitnessFault | AuditErrorCode
}> {
  constructor(code: LedgerQuestionFault | WitnessFault | AuditErrorCode) {
    super({ code }, 'expected an answer as the protocol has it, got none')
  }
}
