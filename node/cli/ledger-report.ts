/**
 * What was found in a ledger, for people and for programs.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type {
  BundleReport,
  Equivocation,
  LogFindings,
  PeerTally,
  ProvenReceipt,
} from '../../ledger/index.ts'
import { countText, shortId, shortPeer } from './quantity-text.ts'
import { tableLines } from './table.ts'

/** The JSON of `brume ledger verify`. */
export function ledgerJson({ status, problem, log, evidence }: BundleReport): object {
  return {
    status,
    ...(problem !== undefined && { problem }),
    ...(log !== undefined && logJson(log)),
    evidence: evidence.map(({ type, accused }) => ({ type, accused })),
  }
}

function logJson(log: LogFindings): object {
  const { preamble, latest, peers, others } = log
  const { entries, size, incarnation, heads, unknownKinds, receipts } = log
  return {
    device: preamble.device,
    mesh: toHex(preamble.network),
    from: preamble.from,
    entries,
    size,
    incarnation,
    heads,
    ...(latest !== undefined && { head: { ...latest, root: toHex(latest.root) } }),
    unknownKinds,
    receipts,
    peers: [...peers].map(([peer, tally]) => ({ peer, ...tally })),
    others,
  }
}

/** The JSON of a receipt that was proven. */
export function receiptJson({ network, device, head, receipt, witnesses }: ProvenReceipt): object {
  const { order, stage, rounds, milliCredits, work } = receipt
  return {
    status: 'ok',
    mesh: toHex(network),
    device,
    task: toHex(order.body.task),
    requester: order.body.requester,
    provider: order.body.provider,
    stage,
    rounds,
    credits: milliCredits / MILLI,
    work,
    head: { size: head.size, incarnation: head.incarnation, root: toHex(head.root) },
    witnesses,
  }
}

/** The lines of a receipt that was proven. */
export function receiptLines({
  device,
  head,
  receipt,
  witnesses,
}: ProvenReceipt): readonly string[] {
  const { order, stage, milliCredits, work } = receipt
  return [
    `receipt of task ${toHex(order.body.task)}`,
    `requester  ${order.body.requester}`,
    `provider   ${order.body.provider}`,
    `stage      ${stage}, ${creditsText(milliCredits)} credits for ${work.mflop} million operations`,
    `ledger     of ${device}, under a head of ${head.size} entries`,
    `witnesses  ${witnesses.length === 0 ? 'none' : witnesses.map(shortPeer).join(', ')}`,
    '',
    'ok: every half is signed by its party, and this ledger has those of its device',
  ]
}

/** The lines of `brume ledger verify`, as far as something was read; the verdict comes last. */
export function ledgerLines(report: BundleReport, width?: number): readonly string[] {
  const { status, log, evidence } = report
  const told = log === undefined ? [] : logLines(log, width)
  const verdict =
    status === 'ok' ? ['', 'ok: every entry, receipt and head of this file holds'] : []
  return [...told, ...evidence.map(evidenceLine), ...verdict]
}

function logLines(log: LogFindings, width: number | undefined): readonly string[] {
  const { preamble, entries, size, heads, latest, incarnation, receipts, unknownKinds } = log
  const { settled, disputed, unmatched } = receipts
  const range = entries === 0 ? 'none' : `${preamble.from} to ${size - 1}`
  return [
    `ledger of ${preamble.device}`,
    `mesh         ${shortId(toHex(preamble.network))}`,
    `entries      ${range}, under ${countText(heads, 'signed head')}`,
    ...(latest === undefined
      ? []
      : [`head         ${shortId(toHex(latest.root))} of ${timeText(latest.wallMs)}`]),
    `incarnation  ${incarnation}`,
    `receipts     ${settled} settled, ${disputed} disputed, ${unmatched} unmatched`,
    ...(unknownKinds === 0 ? [] : [`of kinds that this program does not know: ${unknownKinds}`]),
    ...peerLines(log, width),
  ]
}

function peerLines({ peers, others }: LogFindings, width: number | undefined): readonly string[] {
  if (peers.size === 0) return []
  const columns = [
    { title: 'with' },
    { title: 'settled', align: 'right' },
    { title: 'disputed', align: 'right', spare: 1 },
    { title: 'earned', align: 'right' },
    { title: 'spent', align: 'right' },
  ] as const
  const rows = [...peers]
    .toSorted(([, a], [, b]) => b.settled - a.settled)
    .map(([peer, tally]) => [shortPeer(peer), ...tallyCells(tally)])
  const rest = others.settled + others.disputed > 0 ? [['others', ...tallyCells(others)]] : []
  return ['', ...tableLines(columns, [...rows, ...rest], width)]
}

function tallyCells(tally: PeerTally): readonly string[] {
  return [
    String(tally.settled),
    String(tally.disputed),
    creditsText(tally.earnedMilliCredits),
    creditsText(tally.spentMilliCredits),
  ]
}

function evidenceLine({ type, accused }: Equivocation): string {
  return type === 'head-fork'
    ? `proof: ${accused} signed two histories of its ledger`
    : `proof: ${accused} signed two answers to the same half of a receipt`
}

/**
 * Thousandths of a credit as credits.
 *
 * @example
 * ```ts
 * creditsText(1_250) // => '1.25'
 * ```
 */
export function creditsText(milliCredits: number): string {
  return String(milliCredits / MILLI)
}

/** Thousandths of a credit in one. */
const MILLI = 1_000

/** Time of a stranger's clock: any number that a record can hold. */
function timeText(wallMs: number): string {
  const date = new Date(wallMs)
  return Number.isNaN(date.getTime()) ? 'no time at all' : date.toISOString()
}
