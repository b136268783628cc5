/**
 * A receipt of this device as a provider, put together again from its ledger after a restart.
 *
 * The work is gone, but what was delivered stays: a settlement that was on its way when the
 * process died still finds its result.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import { beginReceipt, continueReceipt, type Half, type Receipt } from '../../ledger/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import { ownHalf } from '../ledger/entry-rows.ts'
import { OpenReceipt } from './open-receipt.ts'

/** Own halves that are read: two hours of a stream. Of longer ones nothing more is settled after a restart. */
const ENTRIES_MAX = 256
/** The link of halves that came in an earlier life: none has this number now. */
const NO_LINK = 0

/** The receipt of `task`, as far as the disk has it; undefined when this device accepted no such task. */
export async function restoredReceipt(
  ledger: OpenLedger,
  signer: Signer,
  task: Uint8Array,
): Promise<OpenReceipt | undefined> {
  const { context, store } = ledger
  const { reader } = store
  const entries = await reader.entriesOf(task, ENTRIES_MAX)
  const own = entries.toReversed().flatMap(({ entry }) => ownHalf(context, entry) ?? [])
  const [accept] = own
  const order = accept?.kind === 'accept' ? await reader.half(accept.body.order) : undefined
  const begun = order?.kind === 'order' ? beginReceipt(context, order, false) : undefined
  if (order === undefined || begun?.type !== 'value') return undefined
  const came = new Map([[toHex(order.id), NO_LINK]])
  let receipt: Receipt = begun.value
  const follow = (half: Half): boolean => {
    const next = continueReceipt(context, receipt, half, false)
    if (next.type === 'value') receipt = next.value
    return next.type === 'value'
  }
  for (const half of own) {
    if (!follow(half)) return undefined
    const answers = await reader.answersTo(half.id)
    const answer = answers.find(follow)
    if (answer !== undefined) came.set(toHex(answer.id), NO_LINK)
  }
  return new OpenReceipt(ledger, signer, receipt, came)
}
