/**
 * The receipts of this device: what it ordered of others, and what it did for them.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { type Half, openHalf, type ReceiptContradiction } from '../../ledger/index.ts'
import type { HalfRefusal } from '../../protocols/receipt/index.ts'
import { contradictionBy } from '../ledger/contradictions.ts'
import type { DeviceLedger, OpenLedger } from '../ledger/device-ledger.ts'
import type { Network } from '../network/network.ts'
import { Deliveries } from './deliveries.ts'
import { Orders } from './orders.ts'
import { type Arrival, ReceiptLinks } from './receipt-links.ts'
import { refusalOf } from './refusals.ts'

export interface ReceiptsComponents {
  readonly network: Pick<Network, 'open' | 'handle'>
  readonly ledger: Pick<DeviceLedger, 'current' | 'onChange'>
  readonly clock: Clock
  readonly random: Random
  readonly signer: Signer
  readonly logger: Logger
  /** The share of this device that its owner grants, from 0 to 1. */
  readonly level: () => number
  /** Told of a peer that answered one half twice. */
  readonly onContradiction: (proof: ReceiptContradiction) => void
}

/** How long a stop waits for settlements, in milliseconds. */
const SETTLE_MS_MAX = 1_000

export class Receipts implements Startable {
  readonly orders: Orders
  readonly deliveries: Deliveries
  readonly #components: ReceiptsComponents
  readonly #links: ReceiptLinks
  #unlisten: (() => void) | undefined

  /** Serves /brume/receipt/1. */
  constructor(components: ReceiptsComponents) {
    const { network, ledger, clock, logger } = components
    this.#components = components
    this.#links = new ReceiptLinks({
      network,
      clock,
      logger,
      mesh: () => ledger.current?.context.network,
      judge: (arrival) => this.#judge(arrival),
    })
    const tell = (peer: PeerId, half: Half): void => {
      void this.#links.tell(peer, half).then((told) => {
        if (told === undefined) return
        logger.info('half not taken', { peer, kind: half.kind, told })
      })
    }
    this.orders = new Orders({ ...components, tell })
    this.deliveries = new Deliveries({ ...components, tell, level: () => components.level() })
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#unlisten = this.#components.ledger.onChange((open) => {
      if (open === undefined) this.#reset()
    })
  }

  /** Waits a moment for the settlement of what was done last. */
  async stop(): Promise<void> {
    const { clock } = this.#components
    const endMs = clock.monotonicMs() + SETTLE_MS_MAX
    const never = new AbortController().signal
    while (this.deliveries.open > 0 && clock.monotonicMs() < endMs) await clock.sleep(20, never)
    this.#unlisten?.()
    this.#reset()
    this.#links.stop()
  }

  /** Faults of `peer` in receipts, so far. */
  faultsOf(peer: PeerId): number {
    return this.#links.faultsOf(peer)
  }

  #reset(): void {
    this.#links.reset()
    this.orders.reset()
    this.deliveries.reset()
  }

  async #judge({ peer, link, sent }: Arrival): Promise<HalfRefusal | undefined> {
    const { ledger, logger } = this.#components
    const open = ledger.current
    if (open === undefined) return 'RECEIPT_NOT_OPEN'
    const half = openHalf(open.context, sent.kind, sent)
    if (half.type === 'refused') return refusalOf(half.code)
    try {
      const refusal = await this.#take(open, half.value, { peer, link })
      if (refusal === 'RECEIPT_HALF_UNLINKED') await this.#accuse(open, peer, half.value)
      return refusal
    } catch (error) {
      // The ledger is closed, or more is to be written than the disk keeps up with.
      logger.info('half not recorded', { peer, error })
      return 'RECEIPT_NOT_OPEN'
    }
  }

  #take(
    open: OpenLedger,
    half: Half,
    from: { readonly peer: PeerId; readonly link: number },
  ): Promise<HalfRefusal | undefined> {
    switch (half.kind) {
      case 'order':
      case 'settle':
      case 'dispute':
        return this.deliveries.take(open, half, from)
      default:
        return this.orders.take(half, from)
    }
  }

  /** A half that does not follow may be a second answer: then both together prove that its author lies. */
  async #accuse(open: OpenLedger, peer: PeerId, half: Half): Promise<void> {
    const proof = await contradictionBy(open, peer, half)
    if (proof !== undefined) this.#components.onContradiction(proof)
  }
}
