/**
 * What a fault between asker and answerer is called on /brume/audit/1.
 *
 * @module
 */

import type { QuestionFault } from '../../core/question.ts'
import type { AuditErrorCode } from './errors.ts'

/** The code of a fault on a link of /brume/audit/1. */
export const AUDIT_FAULTS: Readonly<Record<QuestionFault, AuditErrorCode>> = {
  unexpected: 'AUDIT_UNEXPECTED',
  late: 'AUDIT_TIMED_OUT',
  ended: 'AUDIT_LINK_ENDED',
  'too-many': 'AUDIT_TOO_MANY',
}
