/**
 * What others do for this device: orders each stage, and grants what was done.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import {
  type Half,
  type HalfBody,
  milliCreditsOf,
  type Receipt,
  type SettleVerdict,
  TASK_ID_BYTES,
} from '../../ledger/index.ts'
import type { HalfRefusal } from '../../protocols/receipt/index.ts'
import type { DeviceLedger, OpenLedger } from '../ledger/device-ledger.ts'
import { OpenReceipt, refusalIn } from './open-receipt.ts'

export interface OrdersComponents {
  readonly ledger: Pick<DeviceLedger, 'current' | 'onChange'>
  readonly clock: Clock
  readonly random: Random
  readonly signer: Signer
  readonly logger: Logger
  /** Tells a peer of a half that is on the disk. */
  readonly tell: (peer: PeerId, half: Half) => void
}

/** What is asked of one device. */
export type OrderTerms = Pick<
  HalfBody<'order'>,
  'provider' | 'mode' | 'spec' | 'input' | 'milliCreditsMax'
>

/** Who decides about the results of one order. */
export interface OrderOwner {
  /** What to grant for a result, at most: thousandths of a credit. Resolves when it can be said. */
  appraise(
    result: HalfBody<'result'>,
  ): Promise<{ readonly verdict: SettleVerdict; readonly milliCreditsMax: number }>
  /** The receipt went on. */
  onChange(receipt: Receipt): void
}

interface Order {
  readonly receipt: OpenReceipt
  readonly owner: OrderOwner
}

/** Orders that are followed; of the oldest beyond that no result is settled any more. */
const ORDERS_MAX = 4_096
/** Receipts that are remembered after their end, for halves that come again on another link. */
const ENDED_KEPT_MAX = 1_024

export class Orders {
  readonly #components: OrdersComponents
  readonly #orders = new RecentCache<string, Order>(ORDERS_MAX)
  /** Without their owners: a session that is over is held by nobody. */
  readonly #ended = new RecentCache<string, OpenReceipt>(ENDED_KEPT_MAX)

  constructor(components: OrdersComponents) {
    this.#components = components
  }

  /**
   * Orders work. Resolves once the order is on the disk and on its way, or to undefined when there
   * is no ledger to write it into.
   */
  async order(terms: OrderTerms, owner: OrderOwner): Promise<OpenReceipt | undefined> {
    const { random, signer, tell } = this.#components
    const ledger = await this.#open()
    if (ledger === undefined) return undefined
    const receipt = await OpenReceipt.ordered(ledger, signer, {
      ...terms,
      task: random.bytes(TASK_ID_BYTES),
      nonce: random.bytes(TASK_ID_BYTES),
      requester: signer.peer,
      deadlineWallMs: 0,
      auditable: true,
    })
    const { order } = receipt.receipt
    this.#orders.set(toHex(order.body.task), { receipt, owner })
    owner.onChange(receipt.receipt)
    tell(terms.provider, order)
    return receipt
  }

  /** Takes a half of a provider. */
  async take(
    half: Half,
    from: { readonly peer: PeerId; readonly link: number },
  ): Promise<HalfRefusal | undefined> {
    const task = toHex(half.body.task)
    const order = this.#orders.get(task)
    const receipt = order?.receipt ?? this.#ended.get(task)
    if (receipt === undefined) return 'RECEIPT_TASK_UNKNOWN'
    if (receipt.receipt.order.body.provider !== from.peer) return 'RECEIPT_HALF_FOREIGN'
    const taken = await receipt.take(half, from.link)
    if (taken !== 'taken' || order === undefined) return refusalIn(taken)
    this.#onChange(order)
    if (half.kind === 'result') void this.#settle(order, half.body)
    return undefined
  }

  /** Nothing more is written: the ledger is closed. */
  reset(): void {
    this.#orders.clear()
    this.#ended.clear()
  }

  #onChange({ receipt, owner }: Order): void {
    owner.onChange(receipt.receipt)
    if (!receipt.ended) return
    const task = toHex(receipt.receipt.order.body.task)
    this.#orders.delete(task)
    this.#ended.set(task, receipt)
  }

  async #settle(order: Order, result: HalfBody<'result'>): Promise<void> {
    const { receipt, owner } = order
    try {
      const { verdict, milliCreditsMax } = await owner.appraise(result)
      const settle = await receipt.say('settle', (now) => ({
        after: now.tip,
        result: now.tip,
        verdict,
        milliCredits: verdict === 'accepted' ? grant(now, result, milliCreditsMax) : 0,
      }))
      this.#components.tell(receipt.receipt.order.body.provider, settle)
      this.#onChange(order)
    } catch (error) {
      // The ledger was closed meanwhile: the result stays unmatched, which is nobody's fault.
      this.#components.logger.debug('result not settled', { error })
    }
  }

  /** The ledger once it may be written: it is recalled for a moment after a start. */
  #open(): Promise<OpenLedger | undefined> {
    const { ledger, clock } = this.#components
    if (ledger.current !== undefined) return Promise.resolve(ledger.current)
    const { promise, resolve } = Promise.withResolvers<OpenLedger | undefined>()
    const over = new AbortController()
    const unlisten = ledger.onChange((open) => {
      if (open === undefined) return
      resolve(open)
      over.abort()
    })
    void clock.sleep(OPEN_WAIT_MS, over.signal).then(() => {
      unlisten()
      resolve(undefined)
    })
    return promise
  }
}

/** How long an order waits for the ledger, in milliseconds: a provider waits no longer for the order. */
const OPEN_WAIT_MS = 15_000

/** What both sides count, the smaller of the two, as far as it was ordered. */
function grant(
  { order, milliCredits }: Receipt,
  { work }: HalfBody<'result'>,
  milliCreditsMax: number,
): number {
  const left = order.body.milliCreditsMax - milliCredits
  return Math.max(0, Math.min(milliCreditsOf(work), milliCreditsMax, left))
}
