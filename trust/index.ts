/**
 * The door of trust: what domains say of an epoch, and the scores that follow from it everywhere alike.
 *
 * @module
 */

export { type Attested, ceilingMicros, floorMicros } from './attested.ts'
export { Beacon, onionLayer, onionOf } from './beacon.ts'
export {
  afterAudit,
  type AuditEnd,
  type AuditHistory,
  auditRate,
  NO_AUDITS,
} from './audit-history.ts'
export {
  anchorSeats,
  type Candidate,
  type CommitteeDraw,
  drawCommittee,
  effectiveDomains,
  isEligible,
  mayBeDrawn,
  seatCount,
} from './committee.ts'
export { type DeviceReport, openReport, signReport } from './device-report.ts'
export { type Domain, domainIdOf } from './domain.ts'
export type { Refused, Result, TrustErrorCode } from './errors.ts'
export { faultEpochsOf, type ProvenFault } from './fault-records.ts'
export { explain, type Explanation, type Remedy } from './explanation.ts'
export * as TRUST_LIMITS from './limits.ts'
export {
  encodeOwnerWord,
  isSameChange,
  isWhole,
  lastEpochOf,
  openOwnerWord,
  type OwnerSubject,
  type OwnerWord,
  signOwnerWord,
} from './owner-word.ts'
export {
  isInTime,
  type OwnerPlace,
  type OwnerProblem,
  Owners,
  type Tie,
  type ToldWork,
} from './owners.ts'
export { PACKED_TRUST } from './packed.ts'
export { decodeScore, encodeScore, type Score, scoreMicros, type ScoreParts } from './score.ts'
export { type ScorePath, ScoreVector } from './score-vector.ts'
export { type AuditCounts, auditFactorQ16, auditLowerBoundQ16, massMicros } from './standing.ts'
export { encodeStatementFork, type StatementFork, verifyStatementFork } from './statement-fork.ts'
export {
  decodeStatement,
  openStatement,
  type SettledWork,
  signStatement,
  type Statement,
  type StatementContext,
  statementId,
  type StatementRow,
  statementRows,
  summedRows,
} from './statement.ts'
export {
  type AuditVerdict,
  type Cut,
  type DomainFacts,
  type DomainTie,
  type ScoredDevice,
  type Standings,
  TrustState,
  type Uncounted,
} from './trust-state.ts'
export { walkGraphOf } from './transition.ts'
export { seededWalk, type WalkGraph } from './walk.ts'
