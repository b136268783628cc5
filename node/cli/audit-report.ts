/**
 * Audits of the work of others, for people.
 *
 * @module
 */

import type { AuditListView } from '../api/schemas/audits.ts'
import { shortId } from './quantity-text.ts'
import { tableLines } from './table.ts'

type AuditView = AuditListView['audits'][number]

/** The lines of `brume audit list`. */
export function auditLines({ audits, pending }: AuditListView, width?: number): readonly string[] {
  const waiting = pending === 0 ? [] : [`${pending} more wait`]
  if (audits.length === 0) return pending === 0 ? ['no work was audited yet'] : waiting
  const columns = [
    { title: 'ended' },
    { title: 'task', spare: 2 },
    { title: 'stage', align: 'right', spare: 1 },
    { title: 'by' },
    { title: 'compared', align: 'right' },
    { title: 'outcome' },
    { title: 'run again by', spare: 3 },
  ] as const
  return [...tableLines(columns, audits.map(cells), width), ...waiting]
}

function cells(audit: AuditView): readonly string[] {
  const { endedMs, task, stage, providerName, compared, requests, outcome, verdicts } = audit
  return [
    new Date(endedMs).toISOString().slice(0, 19).replace('T', ' '),
    shortId(task),
    `${stage}`,
    providerName,
    `${compared} of ${requests}`,
    outcome,
    verdicts.map(({ auditorName, finding }) => `${auditorName}: ${finding}`).join(', '),
  ]
}

/** The lines of `brume audit providers`. */
export function auditedProviderLines(
  { providers }: AuditListView,
  width?: number,
): readonly string[] {
  if (providers.length === 0) return ['no work was audited yet']
  const columns = [
    { title: 'provider' },
    { title: 'passed', align: 'right' },
    { title: 'failed', align: 'right' },
    { title: 'in a row', align: 'right', spare: 1 },
    { title: 'audited', align: 'right' },
    { title: 'work' },
  ] as const
  const rows = providers.map(({ name, passed, failed, run, ratePercent, distrusted }) => [
    name,
    `${passed}`,
    `${failed}`,
    `${run}`,
    `${ratePercent} %`,
    distrusted ? 'none for a day' : 'as before',
  ])
  return tableLines(columns, rows, width)
}
