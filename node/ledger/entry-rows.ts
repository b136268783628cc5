/**
 * The rows that an entry and a half of another party take, which follow from themselves.
 *
 * @module
 */

import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  type Chain,
  type ChainedEntry,
  type Entry,
  ENTRY_KINDS,
  type Half,
  halfKindOf,
  type Head,
  type LedgerContext,
  openHalf,
  OTHER_HALF,
  precedingId,
  SIGNED_HALF,
  SIGNED_HEAD,
} from '../../ledger/index.ts'
import {
  answerKey,
  entryKey,
  halfKey,
  HEAD_KEY,
  incarnationKey,
  rolloverKey,
  taskKey,
} from './ledger-keys.ts'
import type { RowChange } from './rows.ts'

const NOTHING = new Uint8Array()

/** The rows of the entry that `chain` has just taken. */
export function entryRows(
  context: LedgerContext,
  chain: Chain,
  { entry, encoded }: ChainedEntry,
): readonly RowChange[] {
  const rows: RowChange[] = [{ type: 'put', key: entryKey(entry.seq), value: encoded }]
  const task = taskOf(context, entry)
  if (task !== undefined) rows.push({ type: 'put', key: taskKey(task, entry.seq), value: NOTHING })
  if (entry.kind === ENTRY_KINDS.rollover) {
    const key = rolloverKey(entry.seq, chain.incarnation)
    rows.push({ type: 'put', key, value: NOTHING })
  }
  return rows
}

/** The task that an entry is about; undefined for those that are no half of a receipt. */
export function taskOf(context: LedgerContext, { kind, body }: Entry): Uint8Array | undefined {
  return ownHalf(context, { kind, body })?.body.task
}

/** The half that an entry holds; undefined when it holds none. */
export function ownHalf(
  context: LedgerContext,
  { kind: entryKind, body }: Pick<Entry, 'kind' | 'body'>,
): Half | undefined {
  const kind = halfKindOf(entryKind)
  const signed = kind === undefined ? undefined : decodeShape(SIGNED_HALF, body)
  if (kind === undefined || signed?.type !== 'value') return undefined
  const half = openHalf(context, kind, signed.value)
  return half.type === 'value' ? half.value : undefined
}

/** The rows of a half that another party signed. */
export function halfRows(half: Half): readonly RowChange[] {
  const { kind, signed, id } = half
  const value = encodeShape(OTHER_HALF, { ...signed, kind: ENTRY_KINDS[kind] })
  const preceding = precedingId(half)
  const answers: RowChange[] =
    preceding === undefined ? [] : [{ type: 'put', key: answerKey(preceding, id), value: NOTHING }]
  return [{ type: 'put', key: halfKey(id), value }, ...answers]
}

/** Two copies: when one is damaged, the other tells what the latest is. */
export function headRows(head: Head, signed: SignedRecord): readonly RowChange[] {
  const value = encodeShape(SIGNED_HEAD, signed)
  return [
    { type: 'put', key: HEAD_KEY, value },
    { type: 'put', key: incarnationKey(head.incarnation), value },
  ]
}
