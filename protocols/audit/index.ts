/**
 * The door of /brume/audit/1.
 *
 * @module
 */

export {
  AuditMachine,
  type AuditInput,
  type AuditOutcome,
  type AuditOutput,
} from './audit-machine.ts'
export {
  AuditorMachine,
  type AuditorInput,
  type AuditorOutput,
  type Unable,
} from './auditor-machine.ts'
export type { AuditErrorCode } from './errors.ts'
export * as AUDIT_LIMITS from './limits.ts'
export { auditCodec, type AuditAnswer, type AuditQuestion } from './messages.ts'
export { Assembly, type Part, partOf, partsOf } from './parts.ts'
export { AUDIT_FAULTS } from './question-faults.ts'
export { decodeToldAudit, encodeToldAudit, type ToldAudit } from './told-audit.ts'
export { auditorOrder, type Draw, drawnRequests } from './sampling.ts'
export {
  type AuditProof,
  type AuditVerdict,
  type BoundVerdict,
  commitmentOf,
  encodeAuditProof,
  type Finding,
  judge,
  type Judgement,
  openAuditProof,
  openBoundVerdict,
  type OpenedVerdict,
  openVerdict,
  resultOf,
  signVerdict,
  verdictId,
} from './verdict.ts'
