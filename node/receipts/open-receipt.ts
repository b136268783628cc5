/**
 * One receipt while it is open: halves of both parties, each on the disk before anybody hears of it.
 *
 * Halves are taken one after another, in the order in which they came.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import {
  beginReceipt,
  continueReceipt,
  type Half,
  type HalfBody,
  type HalfKind,
  type HalfOf,
  isEnded,
  type Receipt,
  signHalf,
} from '../../ledger/index.ts'
import type { HalfRefusal } from '../../protocols/receipt/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import type { Urgency } from '../ledger/ledger-store.ts'
import { refusalOf } from './refusals.ts'

/** What became of a half of the other party; `again` for one that came before, on a link that broke. */
export type Taken = 'taken' | 'again' | HalfRefusal

/** What the other party is told of it; undefined when it is on the disk. */
export function refusalIn(taken: Taken): HalfRefusal | undefined {
  return taken === 'taken' || taken === 'again' ? undefined : taken
}

/** What a party says in a half; the task and the incarnation follow from where it is said. */
export type Said<K extends HalfKind> = Omit<HalfBody<K>, 'task' | 'incarnation'>

export class OpenReceipt {
  readonly #ledger: OpenLedger
  readonly #signer: Signer
  /** On which link each half of the other party came. */
  readonly #came: Map<string, number>
  #receipt: Receipt
  #turn: Promise<unknown> = Promise.resolve()

  /** @param came - Halves of the other party that are there already, and on which link each came. */
  constructor(
    ledger: OpenLedger,
    signer: Signer,
    receipt: Receipt,
    came: ReadonlyMap<string, number> = new Map(),
  ) {
    this.#ledger = ledger
    this.#signer = signer
    this.#receipt = receipt
    this.#came = new Map(came)
  }

  /** Begins a receipt with an order of this device. Resolves when it is on the disk. */
  static async ordered(
    ledger: OpenLedger,
    signer: Signer,
    order: Omit<HalfBody<'order'>, 'incarnation'>,
  ): Promise<OpenReceipt> {
    const { context, store } = ledger
    const { incarnation } = store
    const half = signHalf(context, signer, 'order', { ...order, incarnation })
    const receipt = beginReceipt(context, half, false)
    invariant(receipt.type === 'value', 'an own order begins a receipt')
    await store.appendHalf(half, 'now')
    return new OpenReceipt(ledger, signer, receipt.value)
  }

  /** Begins a receipt with the order of another device. Resolves when it is on the disk. */
  static async taken(
    ledger: OpenLedger,
    signer: Signer,
    { order, link }: { readonly order: HalfOf<'order'>; readonly link: number },
  ): Promise<OpenReceipt | HalfRefusal> {
    const receipt = beginReceipt(ledger.context, order)
    if (receipt.type === 'refused') return refusalOf(receipt.code)
    const open = new OpenReceipt(ledger, signer, receipt.value, new Map([[toHex(order.id), link]]))
    // The accept that follows at once takes it along to the disk.
    await ledger.store.keepHalf(order, 'now')
    return open
  }

  /** What it says so far. */
  get receipt(): Receipt {
    return this.#receipt
  }

  get ended(): boolean {
    return isEnded(this.#receipt)
  }

  /** Takes a half of the other party. Resolves when it is on the disk, or refused. */
  take(half: Half, link: number): Promise<Taken> {
    return this.#next(async () => {
      const known = this.#known(half.id, link)
      if (known !== 'new') return known
      const receipt = continueReceipt(this.#ledger.context, this.#receipt, half)
      if (receipt.type === 'refused') return refusalOf(receipt.code)
      await this.#ledger.store.keepHalf(half, 'now')
      this.#came.set(toHex(half.id), link)
      this.#receipt = receipt.value
      return 'taken'
    })
  }

  /** Signs the next half. Resolves when it is on the disk. */
  say<K extends HalfKind>(
    kind: K,
    said: (receipt: Receipt) => Said<K>,
    urgency: Urgency = 'now',
  ): Promise<HalfOf<K>> {
    return this.#next(async () => {
      const { context, store } = this.#ledger
      const { task } = this.#receipt.order.body
      const { incarnation } = store
      const body = { ...said(this.#receipt), task, incarnation } as unknown as HalfBody<K>
      const half = signHalf(context, this.#signer, kind, body)
      const receipt = continueReceipt(context, this.#receipt, half as unknown as Half, false)
      invariant(receipt.type === 'value', `an own ${kind} follows`)
      await store.appendHalf(half as unknown as Half, urgency)
      this.#receipt = receipt.value
      return half
    })
  }

  /** Whether a half came before: on an earlier link it may have had no answer. */
  #known(id: Uint8Array, link: number): 'new' | 'again' | 'RECEIPT_HALF_REPLAYED' {
    const came = this.#came.get(toHex(id))
    if (came === undefined) return 'new'
    if (came === link) return 'RECEIPT_HALF_REPLAYED'
    this.#came.set(toHex(id), link)
    return 'again'
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}
