/**
 * What this device settled with others in a span of time, as its ledger says.
 *
 * Only receipts that both parties signed count: each is verified as a stranger would.
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import { BundleVerifier, decodeHead } from '../../ledger/index.ts'
import type { SettledWork } from '../../trust/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import { LedgerStoreError } from '../ledger/errors.ts'

/** A receipt that has ended, and when this device wrote its last half. */
export interface EndedWork extends SettledWork {
  readonly wallMs: number
}

/** Where the ledger of a device stands. */
export interface LedgerTop {
  readonly size: number
  readonly root: Uint8Array
}

/** How long a receipt may be under way: its halves are read again for so long, in ms. */
const OPEN_MS_MAX = 24 * 3_600_000
/** Receipts that are remembered: a day of a busy device. */
const ENDED_MAX = 262_144

export class OwnWork {
  /** Receipts that ended since {@link #fromMs}, by their order. */
  #ended: readonly EndedWork[] = []
  /** From this entry on the ledger is read again. */
  #from = 0
  #ledger: OpenLedger | undefined
  #writes = -1

  /**
   * Work that was settled in [`fromMs`, `toMs`) on the clock of this device.
   *
   * @throws {LedgerStoreError} `LEDGER_STORE_DAMAGED`.
   */
  async between(
    ledger: OpenLedger,
    { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  ): Promise<readonly EndedWork[]> {
    if (ledger !== this.#ledger) this.#from = 0
    if (ledger !== this.#ledger || ledger.store.writes !== this.#writes) {
      await this.#read(ledger, fromMs)
    }
    return this.#ended.filter(({ wallMs }) => wallMs >= fromMs && wallMs < toMs)
  }

  async #read(ledger: OpenLedger, fromMs: number): Promise<void> {
    const { store, context } = ledger
    const { writes } = store
    const ended: EndedWork[] = []
    const verifier = new BundleVerifier(context.crypto, {
      ...context,
      signatures: 'heads',
      onReceipt: ({ order, milliCredits }, wallMs) => {
        if (wallMs < fromMs || milliCredits === 0 || ended.length >= ENDED_MAX) return
        const { requester, provider } = order.body
        ended.push({ requester, provider, milliCredits, wallMs })
      },
    })
    for await (const item of store.reader.bundle(this.#from)) verifier.push(item)
    const { log, problem } = verifier.finish()
    if (problem !== undefined) {
      const { seq, reason } = problem
      throw new LedgerStoreError({ code: 'LEDGER_STORE_DAMAGED', seq, reason })
    }
    invariant(log !== undefined, 'an open ledger has a first entry')
    this.#ended = ended
    this.#from = await firstSince(ledger, { from: this.#from, sinceMs: fromMs - OPEN_MS_MAX })
    this.#ledger = ledger
    this.#writes = writes
  }
}

/** The head of the ledger; undefined while there is none. */
export async function topOf({ store }: OpenLedger): Promise<LedgerTop | undefined> {
  const signed = await store.reader.head()
  const head = signed === undefined ? undefined : decodeHead(signed)
  return head?.type === 'value' ? { size: head.value.size, root: head.value.root } : undefined
}

/** The first entry from `from` on that was written after `sinceMs`. */
async function firstSince(
  { store }: OpenLedger,
  { from, sinceMs }: { readonly from: number; readonly sinceMs: number },
): Promise<number> {
  for await (const { entry } of store.reader.entries(from, store.size)) {
    if (entry.wallMs >= sinceMs) return entry.seq
  }
  return from
}
