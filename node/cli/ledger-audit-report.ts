/**
 * What was found in the ledger of another device, for people.
 *
 * @module
 */

import type { AuditView, EquivocationView } from '../api/schemas/ledger.ts'
import { shortPeer } from './quantity-text.ts'
import { tableLines } from './table.ts'

const COLUMNS = [
  { title: 'witness' },
  { title: 'peer', spare: 1 },
  { title: 'entries', align: 'right' },
  { title: 'beside what it gave' },
] as const

const VERDICTS: Readonly<Record<AuditView['verdict'], string>> = {
  ok: 'ok: what it gave holds, and nobody holds more or another history',
  invalid: 'invalid: what it gave does not hold',
  incomplete: 'incomplete: it did not give all that it showed to others',
  fork: 'fork: it signed two things of which only one can be true',
}

/** The lines of `brume ledger audit`. */
export function auditLines(audit: AuditView, width?: number): readonly string[] {
  const { name, peer, verdict, problem, ledger, witnesses, proofs } = audit
  const rows = witnesses.map((witness) => [
    witness.name,
    shortPeer(witness.peer),
    witness.size === null ? '-' : String(witness.size),
    witness.result,
  ])
  return [
    `ledger of ${name} (${peer})`,
    ...(ledger === null ? ['it gave nothing'] : ledgerLines(ledger)),
    ...(rows.length === 0
      ? ['', 'nobody else could be asked']
      : ['', ...tableLines(COLUMNS, rows, width)]),
    '',
    ...(problem === null ? [] : [`${problem.code}: ${problem.reason}`]),
    ...evidenceLines(proofs),
    VERDICTS[verdict],
  ]
}

function ledgerLines(ledger: NonNullable<AuditView['ledger']>): readonly string[] {
  const { entries, incarnation, settled, disputed, unmatched } = ledger
  return [
    `entries      ${entries}`,
    `incarnation  ${incarnation}`,
    `receipts     ${settled} settled, ${disputed} disputed, ${unmatched} unmatched`,
  ]
}

/** One line for each proof. */
export function evidenceLines(proofs: readonly EquivocationView[]): readonly string[] {
  return proofs.map(({ accused, type }) =>
    type === 'head-fork'
      ? `proof: ${accused} signed two histories of its ledger`
      : `proof: ${accused} signed two answers to the same half of a receipt`,
  )
}
