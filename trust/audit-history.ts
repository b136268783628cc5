/**
 * How often the work of a provider is run again, and what an audit does to that.
 *
 * Adaptive replication as BOINC has it, with a floor: the rate falls as audits pass in a row, and never
 * below what makes cheating a loss. With the gain g of one job, the loss L of being found out (24
 * passed audits) and detection d, cheating does not pay above g / (d (L + g)): 1 in 25 jobs.
 *
 * @module
 */

import { AUDIT_FLOOR_RATE, AUDIT_RATE_UNIT, AUDITS_AT_FIRST, WITHHELD_MAX } from './limits.ts'

/** What is remembered of a provider's audits. */
export interface AuditHistory {
  /** Audits that passed since one did not. */
  readonly run: number
  /** Audits in a row for which it showed no evidence. */
  readonly withheld: number
}

/** How an audit ended, as protocols/audit judges it. */
export type AuditEnd = 'passed' | 'failed' | 'inconclusive' | 'withheld'

/** Of a provider that nobody audited yet. */
export const NO_AUDITS: AuditHistory = { run: 0, withheld: 0 }

/**
 * Share of a provider's work to audit, in ten-thousandths: all of it at first, then one in as many as
 * passed in a row, at least {@link AUDIT_FLOOR_RATE}.
 *
 * @example
 * ```ts
 * auditRate({ run: 0, withheld: 0 }) // => 10000
 * auditRate({ run: 16, withheld: 0 }) // => 625
 * auditRate({ run: 500, withheld: 0 }) // => 500
 * ```
 */
export function auditRate({ run }: AuditHistory): number {
  if (run < AUDITS_AT_FIRST) return AUDIT_RATE_UNIT
  return Math.max(AUDIT_FLOOR_RATE, Math.floor(AUDIT_RATE_UNIT / run))
}

/**
 * The history after one more audit, and what it counts as.
 *
 * An inconclusive one takes a third of the run: the environment is watched more closely, and nobody is
 * blamed. Evidence that is withheld puts the run back to its beginning; from the third time in a row
 * on it counts as failed, or else whoever cheats would withhold just that.
 */
export function afterAudit(
  history: AuditHistory,
  end: AuditEnd,
): { readonly history: AuditHistory; readonly counts: 'passed' | 'failed' | undefined } {
  switch (end) {
    case 'passed':
      return { history: { run: history.run + 1, withheld: 0 }, counts: 'passed' }
    case 'failed':
      return { history: { run: 0, withheld: 0 }, counts: 'failed' }
    case 'inconclusive':
      return { history: { ...history, run: Math.floor((2 * history.run) / 3) }, counts: undefined }
    case 'withheld': {
      const withheld = history.withheld + 1
      return {
        history: { run: 0, withheld },
        counts: withheld > WITHHELD_MAX ? 'failed' : undefined,
      }
    }
  }
}
