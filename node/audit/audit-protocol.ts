/**
 * /brume/audit/1 as questions over links.
 *
 * @module
 */

import {
  AUDIT_FAULTS,
  AUDIT_LIMITS,
  type AuditAnswer,
  auditCodec,
  type AuditQuestion,
} from '../../protocols/audit/index.ts'
import { QuestionError } from '../witness/errors.ts'
import type { QuestionProtocol } from '../witness/question-link.ts'

export const auditProtocol: QuestionProtocol<AuditQuestion, AuditAnswer> = {
  id: AUDIT_LIMITS.AUDIT_PROTOCOL,
  codec: auditCodec,
  frameBytesMax: AUDIT_LIMITS.AUDIT_FRAME_BYTES_MAX,
  answerMsMax: AUDIT_LIMITS.ANSWER_MS_MAX,
  answering: {
    questionsMax: AUDIT_LIMITS.QUESTIONS_PER_LINK_MAX,
    idleMsMax: AUDIT_LIMITS.LINK_IDLE_MS_MAX,
  },
  failure: (fault) => new QuestionError(AUDIT_FAULTS[fault]),
}
