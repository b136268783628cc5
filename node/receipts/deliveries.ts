/**
 * What this device does for others: takes orders for its stages, delivers, and is settled with.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import type { Half, HalfOf } from '../../ledger/index.ts'
import type { HalfRefusal } from '../../protocols/receipt/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import { HostedWork, type HostedWorkComponents } from './hosted-work.ts'
import { OpenReceipt, refusalIn } from './open-receipt.ts'
import { restoredReceipt } from './restored-receipt.ts'

export interface DeliveriesComponents {
  readonly clock: Clock
  readonly signer: Signer
  readonly logger: Logger
  /** The share of this device that its owner grants, from 0 to 1. */
  readonly level: () => number
  /** Tells a peer of a half that is on the disk. */
  readonly tell: (peer: PeerId, half: Half) => void
}

/** A stage that is to be settled. */
export interface HostedStageFacts {
  readonly requester: PeerId
  /** SHA-256 of the request to hold it: what the order names. */
  readonly spec: Uint8Array
  readonly outputSoFar: () => Uint8Array
  readonly onUnsettled: () => void
}

/** How long an order may come before or after its stage, in milliseconds: they take different links. */
const ORDER_WAIT_MS = 5_000
/** Orders of one peer that wait for their stages. */
const ORDERS_WAITING_MAX = 64
/** A wall-clock promise to begin, in milliseconds: stages that are ordered are loaded already. */
const START_BY_MS = 60_000
/** Stages that are followed at once, those included that ended a moment ago. */
const WORKS_MAX = 1_024
/** Receipts that are remembered after their end; others are read from the ledger when a half of theirs comes again. */
const ENDED_KEPT_MAX = 512

export class Deliveries {
  readonly #components: DeliveriesComponents
  /** By who asked, and for what. */
  readonly #works = new Map<string, HostedWork>()
  /** By task. */
  readonly #ordered = new Map<string, HostedWork>()
  readonly #ended = new RecentCache<string, OpenReceipt>(ENDED_KEPT_MAX)
  readonly #restoring = new Map<string, Promise<OpenReceipt | undefined>>()
  /** Works whose order is on its way to the disk. */
  readonly #accepting = new Set<HostedWork>()
  /** Orders that wait for a stage, by who asked and for what. */
  readonly #waiting = new Map<string, { readonly peer: PeerId; readonly wake: () => void }>()

  constructor(components: DeliveriesComponents) {
    this.#components = components
  }

  /** A stage was opened by another device. */
  hosted({ requester, spec, outputSoFar, onUnsettled }: HostedStageFacts): HostedWork {
    const key = keyOf(requester, spec)
    if (this.#works.size >= WORKS_MAX) [...this.#works.values()][0]?.close()
    const { clock, level, tell, logger } = this.#components
    const components: HostedWorkComponents = {
      clock,
      level,
      tell: (half) => tell(requester, half),
      outputSoFar,
      onUnsettled: () => {
        logger.warn('work was not settled', { peer: requester })
        onUnsettled()
      },
      onOver: () => this.#forget(key, work),
      onError: (error) => logger.warn('result not recorded', { peer: requester, error }),
    }
    const work = new HostedWork(components, requester)
    this.#works.set(key, work)
    this.#waiting.get(key)?.wake()
    return work
  }

  /** Takes a half of a requester. */
  async take(
    ledger: OpenLedger,
    half: Half,
    from: { readonly peer: PeerId; readonly link: number },
  ): Promise<HalfRefusal | undefined> {
    if (half.kind === 'order') return this.#onOrder(ledger, half, from)
    const task = toHex(half.body.task)
    const work = this.#ordered.get(task)
    const receipt =
      work?.receipt ?? this.#ended.get(task) ?? (await this.#restored(ledger, half.body.task))
    if (receipt === undefined) return 'RECEIPT_TASK_UNKNOWN'
    if (receipt.receipt.order.body.requester !== from.peer) return 'RECEIPT_HALF_FOREIGN'
    const taken = await receipt.take(half, from.link)
    if (taken === 'taken') work?.settled()
    return refusalIn(taken)
  }

  /** Stages whose receipts are not settled yet. */
  get open(): number {
    return this.#ordered.size
  }

  /** Nothing more is written: the ledger is closed. */
  reset(): void {
    for (const work of this.#works.values()) work.close()
    for (const { wake } of this.#waiting.values()) wake()
  }

  /** A receipt of an earlier life of this daemon. */
  async #restored(ledger: OpenLedger, task: Uint8Array): Promise<OpenReceipt | undefined> {
    const key = toHex(task)
    const underWay = this.#restoring.get(key)
    if (underWay !== undefined) return underWay
    const restoring = restoredReceipt(ledger, this.#components.signer, task)
    this.#restoring.set(key, restoring)
    try {
      const receipt = await restoring
      if (receipt !== undefined) this.#ended.set(key, receipt)
      return receipt
    } finally {
      this.#restoring.delete(key)
    }
  }

  async #onOrder(
    ledger: OpenLedger,
    order: HalfOf<'order'>,
    from: { readonly peer: PeerId; readonly link: number },
  ): Promise<HalfRefusal | undefined> {
    const { peer, link } = from
    const { requester, provider, spec, mode } = order.body
    const task = toHex(order.body.task)
    if (requester !== peer || provider !== this.#components.signer.peer) {
      return 'RECEIPT_HALF_FOREIGN'
    }
    const known = this.#ordered.get(task)?.receipt ?? this.#ended.get(task)
    if (known !== undefined) return refusalIn(await known.take(order, link))
    // A stage hands its outputs on in the clear: there is nothing that could be sealed.
    if (mode === 'sealed') return 'RECEIPT_MODE_BROKEN'
    const work = await this.#workOf(keyOf(peer, spec), peer)
    if (work === undefined) return 'RECEIPT_TASK_UNKNOWN'
    const ordered = this.#ordered.has(task) || work.receipt !== undefined
    if (ordered || this.#accepting.has(work)) return 'RECEIPT_HALF_UNLINKED'
    this.#accepting.add(work)
    try {
      return await this.#accept(ledger, work, { order, link })
    } finally {
      this.#accepting.delete(work)
    }
  }

  async #accept(
    ledger: OpenLedger,
    work: HostedWork,
    taken: { readonly order: HalfOf<'order'>; readonly link: number },
  ): Promise<HalfRefusal | undefined> {
    const { signer, clock, tell } = this.#components
    const { order } = taken
    const receipt = await OpenReceipt.taken(ledger, signer, taken)
    if (typeof receipt === 'string') return receipt
    const startByWallMs = Math.floor(clock.wallMs()) + START_BY_MS
    const accept = await receipt.say('accept', () => ({ order: order.id, startByWallMs }))
    this.#ordered.set(toHex(order.body.task), work)
    tell(order.body.requester, accept)
    work.ordered(receipt)
    return undefined
  }

  /** The stage that an order is about, which may come a moment later. */
  async #workOf(key: string, peer: PeerId): Promise<HostedWork | undefined> {
    const work = this.#works.get(key)
    const others = [...this.#waiting.values()].filter((waiting) => waiting.peer === peer)
    if (work !== undefined || this.#waiting.has(key) || others.length >= ORDERS_WAITING_MAX) {
      return work
    }
    const come = new AbortController()
    this.#waiting.set(key, { peer, wake: () => come.abort() })
    await this.#components.clock.sleep(ORDER_WAIT_MS, come.signal)
    this.#waiting.delete(key)
    return this.#works.get(key)
  }

  #forget(key: string, work: HostedWork): void {
    if (this.#works.get(key) === work) this.#works.delete(key)
    const { receipt } = work
    if (receipt === undefined) return
    const task = toHex(receipt.receipt.order.body.task)
    this.#ordered.delete(task)
    this.#ended.set(task, receipt)
  }
}

function keyOf(requester: PeerId, spec: Uint8Array): string {
  return `${requester}/${toHex(spec)}`
}
