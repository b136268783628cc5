/**
 * One task between two devices, as far as its halves say: who did what, and what was granted for it.
 *
 * Halves are taken one at a time, in the order in which they were signed; each is checked
 * against all before it. The same rules serve the parties while they work, the ledgers that
 * they keep, and whoever verifies a bundle later.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import { accept, refuse, type Refused, type Result } from './errors.ts'
import {
  authorOf,
  type Half,
  type HalfBody,
  type HalfOf,
  isSignedBy,
  precedingId,
} from './halves.ts'
import { RECEIPT_ROUNDS_MAX } from './limits.ts'
import type { LedgerContext } from './signing.ts'
import { addWork, milliCreditsOf, NO_WORK, type Work } from './work.ts'

/** Where a receipt stands. `settled` and `disputed` are ends, the others wait for the next half. */
export type ReceiptStage =
  | 'ordered'
  | 'accepted'
  | 'delivered'
  | 'acknowledged'
  | 'revealed'
  | 'settled'
  | 'disputed'

/** What a receipt says, so far. */
export interface Receipt {
  readonly order: HalfOf<'order'>
  readonly stage: ReceiptStage
  /** Id of the half that the next one has to name. */
  readonly tip: Uint8Array
  readonly accept?: HalfOf<'accept'>
  /** The result that waits for its settlement, or the last one that was settled. */
  readonly result?: HalfOf<'result'>
  /** Results that were settled. */
  readonly rounds: number
  /** Granted in all, in thousandths of a credit. */
  readonly milliCredits: number
  /** Work of all results that were settled as accepted. */
  readonly work: Work
}

/**
 * Begins a receipt with its order.
 *
 * @param checkSignature - False only where the signature was checked already, or is covered by a head.
 */
export function beginReceipt(
  context: LedgerContext,
  order: HalfOf<'order'>,
  checkSignature = true,
): Result<Receipt> {
  const { requester, provider } = order.body
  if (requester === provider) {
    return refuse('LEDGER_HALF_FOREIGN', 'expected two devices, got an order to oneself')
  }
  if (checkSignature && !isSignedBy(context, requester, order)) {
    return refuse('LEDGER_SIGNATURE_INVALID', 'expected an order signed by its requester')
  }
  return accept({
    order,
    stage: 'ordered',
    tip: order.id,
    rounds: 0,
    milliCredits: 0,
    work: NO_WORK,
  })
}

/**
 * The receipt with one more half, or why that half is none of it.
 *
 * @param checkSignature - As for {@link beginReceipt}.
 */
export function continueReceipt(
  context: LedgerContext,
  receipt: Receipt,
  half: Half,
  checkSignature = true,
): Result<Receipt> {
  if (half.kind === 'order') {
    const replayed = bytesEqual(half.id, receipt.order.id)
    return refuse(
      replayed ? 'LEDGER_HALF_REPLAYED' : 'LEDGER_HALF_UNLINKED',
      'expected a half after the order',
    )
  }
  if (bytesEqual(half.id, receipt.tip)) {
    return refuse('LEDGER_HALF_REPLAYED', 'expected the half after the last one, got it again')
  }
  const preceding = precedingId(half)
  if (preceding === undefined || !bytesEqual(preceding, receipt.tip)) {
    return refuse('LEDGER_HALF_UNLINKED', `expected a ${half.kind} that names the half before it`)
  }
  if (!bytesEqual(half.body.task, receipt.order.body.task)) {
    return refuse('LEDGER_HALF_UNLINKED', `expected a ${half.kind} of the task that was ordered`)
  }
  const author = authorOf(half.kind, receipt.order.body)
  if (checkSignature && !isSignedBy(context, author, half)) {
    return refuse('LEDGER_SIGNATURE_INVALID', `expected a ${half.kind} signed by its party`)
  }
  return step(context, receipt, half)
}

/** True when nothing can follow. */
export function isEnded({ stage }: Receipt): boolean {
  return stage === 'settled' || stage === 'disputed'
}

/** Where a receipt must stand for a half to be the next one. */
const STAGES_BEFORE: Readonly<Record<Half['kind'], readonly ReceiptStage[]>> = {
  order: [],
  accept: ['ordered'],
  result: ['accepted'],
  settle: ['delivered', 'revealed'],
  dispute: ['delivered', 'revealed'],
  reveal: ['acknowledged'],
}

function step(
  context: LedgerContext,
  receipt: Receipt,
  half: Exclude<Half, HalfOf<'order'>>,
): Result<Receipt> {
  const { stage } = receipt
  if (!STAGES_BEFORE[half.kind].includes(stage)) {
    return refuse(
      'LEDGER_MODE_BROKEN',
      `expected another half than a ${half.kind} of a receipt ${stage}`,
    )
  }
  const tip = half.id
  switch (half.kind) {
    case 'accept':
      return accept({ ...receipt, stage: 'accepted', tip, accept: half })
    case 'result':
      return (
        resultProblem(receipt, half.body) ??
        accept({ ...receipt, stage: 'delivered', tip, result: half })
      )
    case 'settle':
      return settle(receipt, half)
    case 'reveal':
      return (
        revealProblem(context, receipt, half.body) ?? accept({ ...receipt, stage: 'revealed', tip })
      )
    case 'dispute':
      return accept({ ...receipt, stage: 'disputed', tip })
  }
}

function revealProblem(
  { crypto }: LedgerContext,
  { result }: Receipt,
  { key }: HalfBody<'reveal'>,
): Refused | undefined {
  const expected = result?.body.sealed?.key
  return expected !== undefined && bytesEqual(crypto.sha256(key), expected)
    ? undefined
    : refuse('LEDGER_HALF_UNLINKED', 'expected the key that the result names')
}

function resultProblem(receipt: Receipt, body: HalfBody<'result'>): Refused | undefined {
  const { mode } = receipt.order.body
  if (receipt.accept === undefined || !bytesEqual(body.accept, receipt.accept.id)) {
    return refuse('LEDGER_HALF_UNLINKED', 'expected a result under the accept of its receipt')
  }
  if (body.chunk !== receipt.rounds || receipt.rounds >= RECEIPT_ROUNDS_MAX) {
    return refuse('LEDGER_MODE_BROKEN', `expected chunk ${receipt.rounds}, got ${body.chunk}`)
  }
  if (mode !== 'stream' && !body.last) {
    return refuse('LEDGER_MODE_BROKEN', 'expected one result, got the first of several')
  }
  if ((mode === 'sealed') !== (body.sealed !== undefined)) {
    return refuse('LEDGER_MODE_BROKEN', 'expected a sealed result in sealed mode, and only there')
  }
  return undefined
}

function settle(receipt: Receipt, half: HalfOf<'settle'>): Result<Receipt> {
  const { result, stage, order } = receipt
  invariant(result !== undefined, 'what is delivered has a result')
  const acknowledges = order.body.mode === 'sealed' && stage === 'delivered'
  const problem = settleProblem(receipt, result, half.body, acknowledges)
  if (problem !== undefined) return problem
  const { last, work } = result.body
  if (acknowledges) return accept({ ...receipt, stage: 'acknowledged', tip: half.id })
  return accept({
    ...receipt,
    stage: last ? 'settled' : 'accepted',
    tip: half.id,
    rounds: receipt.rounds + 1,
    milliCredits: receipt.milliCredits + half.body.milliCredits,
    work: half.body.verdict === 'accepted' ? addWork(receipt.work, work) : receipt.work,
  })
}

function settleProblem(
  { order, milliCredits: before }: Receipt,
  result: HalfOf<'result'>,
  { result: named, verdict, milliCredits }: HalfBody<'settle'>,
  acknowledges: boolean,
): Refused | undefined {
  if (!bytesEqual(named, result.id)) {
    return refuse('LEDGER_HALF_UNLINKED', 'expected a settle of the result before it')
  }
  if (acknowledges !== (verdict === 'acknowledged')) {
    return refuse('LEDGER_MODE_BROKEN', 'expected an acknowledgement for sealed bytes only')
  }
  const done = verdict === 'accepted' ? milliCreditsOf(result.body.work) : 0
  const grantMax = Math.min(done, order.body.milliCreditsMax - before)
  return milliCredits > grantMax
    ? refuse('LEDGER_SETTLE_EXCESSIVE', `expected at most ${grantMax}, got ${milliCredits}`)
    : undefined
}

/** Which side of an order `peer` is on, and who is on the other. */
export function sideOf(
  { body }: HalfOf<'order'>,
  peer: PeerId,
): { readonly side: 'requester' | 'provider'; readonly other: PeerId } | undefined {
  const { requester, provider } = body
  if (peer === requester) return { side: 'requester', other: provider }
  if (peer === provider) return { side: 'provider', other: requester }
  return undefined
}

/** Follows a whole receipt, whose halves come in order. */
export function foldReceipt(context: LedgerContext, halves: readonly Half[]): Result<Receipt> {
  const [order, ...rest] = halves
  if (order?.kind !== 'order') return refuse('LEDGER_HALF_UNLINKED', 'expected an order first')
  let receipt = beginReceipt(context, order)
  for (const half of rest) {
    if (receipt.type === 'refused') return receipt
    receipt = continueReceipt(context, receipt.value, half)
  }
  return receipt
}
