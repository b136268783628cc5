/**
 * What goes wrong between who has work audited, who did it, and who runs it again.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type AuditErrorCode =
  | 'AUDIT_UNEXPECTED'
  | 'AUDIT_TIMED_OUT'
  | 'AUDIT_LINK_ENDED'
  | 'AUDIT_TOO_MANY'
  | 'AUDIT_VERDICT_MALFORMED'
  | 'AUDIT_VERDICT_UNSUPPORTED'
  | 'AUDIT_VERDICT_INVALID'

/** What was not taken, and why. */
export interface Refused {
  readonly type: 'refused'
  readonly code: AuditErrorCode
  readonly reason: string
}

export type Result<T> = { readonly type: 'value'; readonly value: T } | Refused

export function accept<T>(value: T): Result<T> {
  return { type: 'value', value }
}

export function refuse(code: AuditErrorCode, reason: string): Refused {
  return { type: 'refused', code, reason }
}

const passing = { retryable: true, exit: 1, status: 502 } as const
const peersFault = { retryable: false, exit: 1, status: 502 } as const

export const AUDIT_ERRORS: ErrorTable<AuditErrorCode> = {
  AUDIT_UNEXPECTED: {
    meaning:
      'a device sent something that is no message of /brume/audit/1, or does not belong there',
    hint: 'update both devices to the same version',
    ...passing,
  },
  AUDIT_TIMED_OUT: {
    meaning: 'a device did not answer a question about an audit in time',
    hint: 'nothing: the next auditor is asked',
    ...passing,
  },
  AUDIT_LINK_ENDED: {
    meaning: 'the connection ended before a question about an audit was answered',
    hint: 'nothing: the next auditor is asked',
    ...passing,
  },
  AUDIT_TOO_MANY: {
    meaning: 'a device asked more over one link of /brume/audit/1 than it may',
    hint: 'update brume on that device',
    ...passing,
  },
  AUDIT_VERDICT_MALFORMED: {
    meaning: 'a device sent a verdict that is not in its one encoding',
    hint: 'update both devices to the same version',
    ...peersFault,
  },
  AUDIT_VERDICT_UNSUPPORTED: {
    meaning: 'a device sent a verdict of a later version',
    hint: 'update brume on this device',
    ...peersFault,
  },
  AUDIT_VERDICT_INVALID: {
    meaning:
      'a verdict is not by its auditor, is about something else, or is not what was committed to',
    hint: 'see `brume audit list`, and be wary of the auditor',
    ...peersFault,
  },
}
