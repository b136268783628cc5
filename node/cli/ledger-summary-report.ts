/**
 * What a device earned and spent, for people.
 *
 * @module
 */

import type { LedgerSummary, LedgerView } from '../api/schemas/ledger.ts'
import { shortId, shortPeer, threeDigits } from './quantity-text.ts'
import { tableLines } from './table.ts'

/** Cells of the longest bar. */
const BAR_CELLS = 24

const TALLY_COLUMNS = [
  { title: 'settled', align: 'right' },
  { title: 'disputed', align: 'right', spare: 2 },
  { title: 'earned', align: 'right' },
  { title: 'spent', align: 'right' },
] as const

type TallyView = LedgerSummary['others']

/** The lines of `brume ledger show`. */
export function summaryLines(
  ledger: LedgerView,
  summary: LedgerSummary,
  width?: number,
): readonly string[] {
  const { size, incarnation, head, credits, receipts } = ledger
  const { settled, disputed, unmatched } = receipts
  const top = head === null ? 'none' : shortId(head.root)
  return [
    `entries    ${size} under head ${top}${incarnation === 0 ? '' : ', after a loss of entries'}`,
    `receipts   ${settled} settled, ${disputed} disputed, ${unmatched} unmatched`,
    `credits    ${threeDigits(credits.earned)} earned, ${threeDigits(credits.spent)} spent`,
    `witnesses  ${witnessText(summary, ledger)}`,
    ...dayLines(summary, width),
    ...peerLines(summary, width),
  ]
}

function witnessText({ witnesses }: LedgerSummary, { size }: LedgerView): string {
  if (witnesses.length === 0) return 'none yet'
  const latest = witnesses.filter((witness) => witness.size === size).length
  const names = witnesses.map(({ name }) => name).join(', ')
  return `${names}; ${latest} of them signed the last head`
}

function dayLines({ days }: LedgerSummary, width: number | undefined): readonly string[] {
  if (days.length === 0) return []
  const most = Math.max(...days.map(({ earned, spent }) => Math.max(earned, spent)))
  const columns = [
    { title: 'day' },
    ...TALLY_COLUMNS,
    { title: '█ earned  ░ spent', spare: 1 },
  ] as const
  const rows = days.map(({ day, ...tally }) => [day, ...cells(tally), bars(tally, most)])
  return ['', ...tableLines(columns, rows, width)]
}

/** What was earned and what was spent, one bar after the other. */
function bars({ earned, spent }: TallyView, most: number): string {
  const cellsOf = (credits: number): number =>
    most === 0 ? 0 : Math.round((credits / most) * (BAR_CELLS / 2))
  return '█'.repeat(cellsOf(earned)) + '░'.repeat(cellsOf(spent))
}

function peerLines({ peers, others }: LedgerSummary, width: number | undefined): readonly string[] {
  if (peers.length === 0) return []
  const columns = [{ title: 'with' }, { title: 'peer', spare: 1 }, ...TALLY_COLUMNS] as const
  const rows = peers
    .toSorted((a, b) => b.earned + b.spent - (a.earned + a.spent))
    .map(({ name, peer, ...tally }) => [name, shortPeer(peer), ...cells(tally)])
  const rest = others.settled + others.disputed > 0 ? [['others', '', ...cells(others)]] : []
  return ['', ...tableLines(columns, [...rows, ...rest], width)]
}

function cells({ settled, disputed, earned, spent }: TallyView): readonly string[] {
  return [String(settled), String(disputed), threeDigits(earned), threeDigits(spent)]
}
