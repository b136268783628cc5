/**
 * Makes the proof that the receipt of a task is in this device's ledger.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  beginReceipt,
  type ChainedEntry,
  continueReceipt,
  decodeHead,
  encodeReceiptProof,
  ENTRY_KINDS,
  type Half,
  isEnded,
  LIMITS,
  precedingId,
  type ProofHalf,
  type Receipt,
} from '../../ledger/index.ts'
import type { OpenLedger } from './device-ledger.ts'
import { ownHalf } from './entry-rows.ts'
import type { LedgerReader } from './ledger-reader.ts'

/** What witnesses signed of one head. */
export interface SignedTop {
  readonly signed: SignedRecord
  readonly cosignatures: readonly (SignedRecord & { readonly witness: PeerId })[]
}

export interface ReceiptEvidence {
  readonly encoded: Uint8Array
  readonly stage: Receipt['stage']
}

/** Own halves of one task: two a round, and what is around them. */
const OWN_HALVES_MAX = LIMITS.RECEIPT_ROUNDS_MAX + 4

/** A half, and the own entry that holds it. */
interface Placed {
  readonly half: Half
  readonly entry: ChainedEntry | undefined
}

/**
 * The proof of the last receipt of `task`; undefined when there is none, or no order to it.
 *
 * @param tops - Heads that witnesses signed. The latest over the receipt is taken, else the last head.
 */
export async function proveReceipt(
  { store, context }: OpenLedger,
  device: PeerId,
  task: Uint8Array,
  tops: readonly SignedTop[],
): Promise<ReceiptEvidence | undefined> {
  const { reader, head } = store
  const own = (await reader.entriesOf(task, OWN_HALVES_MAX)).toReversed().flatMap((entry) => {
    const half = ownHalf(context, entry.entry)
    return half === undefined ? [] : [{ half, entry }]
  })
  const order = await orderOf(reader, own)
  if (order === undefined || head === undefined) return undefined
  const { receipt, placed } = await followed({ store, context }, own, order)
  const last = Math.max(...placed.map(({ entry }) => entry?.entry.seq ?? 0))
  const top = topOver(last, [...tops, { signed: head, cosignatures: [] }])
  if (top === undefined) return undefined
  const halves = await Promise.all(placed.map((one) => proofHalf(reader, one, top.size)))
  const { network } = context
  const { signed, cosignatures } = top.top
  const encoded = encodeReceiptProof({ network, device, head: signed, cosignatures, halves })
  return { encoded, stage: receipt.stage }
}

/** The last order: one's own, or the one that was accepted. */
async function orderOf(
  reader: LedgerReader,
  own: readonly Placed[],
): Promise<(Placed & { readonly half: { readonly kind: 'order' } }) | undefined> {
  const begin = own.findLast(({ half }) => half.kind === 'order' || half.kind === 'accept')
  if (begin === undefined) return undefined
  const { half, entry } = begin
  if (half.kind === 'order') return { half, entry }
  const preceding = precedingId(half)
  const order = preceding === undefined ? undefined : await reader.half(preceding)
  return order?.kind === 'order' ? { half: order, entry: undefined } : undefined
}

/** The halves from the order on, as far as each follows the one before. */
async function followed(
  { store, context }: OpenLedger,
  own: readonly Placed[],
  order: Placed,
): Promise<{ readonly receipt: Receipt; readonly placed: readonly Placed[] }> {
  const begun = order.half.kind === 'order' ? beginReceipt(context, order.half, false) : undefined
  if (begun?.type !== 'value') throw new Error('an order that is kept was checked')
  const placed = [order]
  let receipt = begun.value
  while (!isEnded(receipt)) {
    const tip = toHex(receipt.tip)
    const mine = own.filter(({ half }) => toHex(precedingId(half) ?? new Uint8Array()) === tip)
    const theirs = await store.reader.answersTo(receipt.tip)
    const candidates = [...mine, ...theirs.map((half) => ({ half, entry: undefined }))]
    const next = candidates.flatMap((one) => {
      const continued = continueReceipt(context, receipt, one.half)
      return continued.type === 'value' ? [{ one, receipt: continued.value }] : []
    })[0]
    if (next === undefined) break
    placed.push(next.one)
    receipt = next.receipt
  }
  return { receipt, placed }
}

/** The latest head over the entry `last`, one that witnesses signed first. */
function topOver(
  last: number,
  tops: readonly SignedTop[],
): { readonly top: SignedTop; readonly size: number } | undefined {
  const over = tops.flatMap((top) => {
    const head = decodeHead(top.signed)
    return head.type === 'value' && head.value.size > last ? [{ top, size: head.value.size }] : []
  })
  const signed = (count: { readonly top: SignedTop }): number => count.top.cosignatures.length
  return over.toSorted((a, b) => signed(b) - signed(a) || b.size - a.size)[0]
}

async function proofHalf(
  reader: LedgerReader,
  { half, entry }: Placed,
  size: number,
): Promise<ProofHalf> {
  if (entry === undefined) {
    const { body, signature } = half.signed
    return { own: undefined, other: { kind: ENTRY_KINDS[half.kind], body, signature } }
  }
  const inclusion = await reader.inclusion({ index: entry.entry.seq, size })
  return { own: { entry: entry.encoded, inclusion }, other: undefined }
}
