/**
 * The receipts of one ledger, followed while its halves go by: those that wait for a half, and sums of the rest.
 *
 * The owner's own halves are entries of the ledger; the other party's stand beside them. A half
 * that nobody answered is counted as unmatched, for either side: nobody can tell whose fault it is.
 *
 * @module
 */

import { toHex } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import { RecentCache } from '../core/recent-cache.ts'
import { refuse, type Refused, type Result } from './errors.ts'
import { authorOf, type Half, type HalfOf, isSignedBy, precedingId } from './halves.ts'
import { OPEN_RECEIPTS_MAX, ORDERS_REMEMBERED_MAX, PEERS_COUNTED_MAX } from './limits.ts'
import { beginReceipt, continueReceipt, isEnded, type Receipt, sideOf } from './receipt.ts'
import type { LedgerContext } from './signing.ts'

/** What one peer and the owner did for each other. */
export interface PeerTally {
  /** Granted to the owner for work for this peer, in thousandths of a credit. */
  readonly earnedMilliCredits: number
  /** Granted by the owner for work of this peer. */
  readonly spentMilliCredits: number
  /** Receipts that ended with a settlement. */
  readonly settled: number
  readonly disputed: number
  /** Millions of floating-point operations that were settled, either way. */
  readonly mflop: number
}

const NO_TALLY: PeerTally = {
  earnedMilliCredits: 0,
  spentMilliCredits: 0,
  settled: 0,
  disputed: 0,
  mflop: 0,
}

/** Counts over all receipts that were seen. */
export interface ReceiptCounts {
  readonly orders: number
  readonly settled: number
  readonly disputed: number
  /** Receipts that wait for a half, and halves whose receipt is not followed. */
  readonly unmatched: number
}

export interface ReceiptBookInit {
  readonly owner: PeerId
  /** False when the owner's halves are covered by a head that was or will be verified. */
  readonly checkOwnSignatures: boolean
  /** Told of each receipt that has ended. */
  readonly onEnded?: ((receipt: Receipt) => void) | undefined
}

export class ReceiptBook {
  readonly #context: LedgerContext
  readonly #init: ReceiptBookInit
  /** Receipts that wait, by the id of the half that the next one has to name. */
  readonly #open = new RecentCache<string, Receipt>(OPEN_RECEIPTS_MAX)
  readonly #orders = new Set<string>()
  readonly #peers = new Map<PeerId, PeerTally>()
  #others = NO_TALLY
  #settled = 0
  #disputed = 0
  #unmatched = 0

  constructor(context: LedgerContext, init: ReceiptBookInit) {
    this.#context = context
    this.#init = init
  }

  get counts(): ReceiptCounts {
    const ended = this.#settled + this.#disputed
    const lost = this.#orders.size - ended - this.#open.size
    return {
      orders: this.#orders.size,
      settled: this.#settled,
      disputed: this.#disputed,
      unmatched: this.#unmatched + this.#open.size + Math.max(0, lost),
    }
  }

  /** Sums by the other party; the parties beyond {@link PEERS_COUNTED_MAX} are in `others`. */
  get peers(): ReadonlyMap<PeerId, PeerTally> {
    return this.#peers
  }

  get others(): PeerTally {
    return this.#others
  }

  /** The receipt that `half` continues, if it is followed. */
  followed(half: Half): Receipt | undefined {
    const preceding = precedingId(half)
    return preceding === undefined ? undefined : this.#open.get(toHex(preceding))
  }

  /** Takes a half of the owner's, which is an entry of its ledger. */
  takeOwn(half: Half): Refused | undefined {
    const receipt = this.followed(half)
    if (half.kind === 'order' || receipt !== undefined) {
      return this.#take(half, receipt, this.#init.checkOwnSignatures)
    }
    // The rest of its receipt lies before what is looked at, or nobody has it.
    this.#unmatched++
    const checked = !this.#init.checkOwnSignatures
    return checked || isSignedBy(this.#context, this.#init.owner, half)
      ? undefined
      : refuse(
          'LEDGER_SIGNATURE_INVALID',
          `expected a ${half.kind} signed by the device of the log`,
        )
  }

  /** Takes a half of the other party's, which stands beside the ledger. */
  takeOther(half: Half): Refused | undefined {
    const receipt = this.followed(half)
    if (half.kind !== 'order' && receipt === undefined) {
      return refuse('LEDGER_HALF_UNLINKED', `expected a ${half.kind} that answers a half before it`)
    }
    const order = half.kind === 'order' ? half : receipt?.order
    if (order !== undefined && authorOf(half.kind, order.body) === this.#init.owner) {
      return refuse('LEDGER_HALF_FOREIGN', `expected the owner's ${half.kind} in its ledger`)
    }
    return this.#take(half, receipt, true)
  }

  #take(half: Half, receipt: Receipt | undefined, checkSignature: boolean): Refused | undefined {
    const order = half.kind === 'order' ? half : receipt?.order
    if (order === undefined || sideOf(order, this.#init.owner) === undefined) {
      return refuse('LEDGER_HALF_FOREIGN', 'expected a receipt of the device of the log')
    }
    const next =
      half.kind === 'order'
        ? this.#begin(half, checkSignature)
        : receipt === undefined
          ? undefined
          : continueReceipt(this.#context, receipt, half, checkSignature)
    if (next === undefined) return undefined
    if (next.type === 'refused') return next
    if (receipt !== undefined) this.#open.delete(toHex(receipt.tip))
    if (isEnded(next.value)) this.#close(next.value)
    else this.#open.set(toHex(next.value.tip), next.value)
    return undefined
  }

  #begin(order: HalfOf<'order'>, checkSignature: boolean): Result<Receipt> | undefined {
    // Half of the id tells orders apart, and takes a quarter of the memory of its text.
    const name = String.fromCharCode(...order.id.subarray(0, 16))
    if (this.#orders.has(name)) {
      return refuse('LEDGER_HALF_REPLAYED', 'expected each order once')
    }
    const receipt = beginReceipt(this.#context, order, checkSignature)
    if (receipt.type === 'value' && this.#orders.size >= ORDERS_REMEMBERED_MAX) {
      // One more could be a replay of one that was forgotten: it is not counted.
      this.#unmatched++
      return undefined
    }
    if (receipt.type === 'value') this.#orders.add(name)
    return receipt
  }

  #close(receipt: Receipt): void {
    if (receipt.stage === 'settled') this.#settled++
    else this.#disputed++
    const { owner, onEnded } = this.#init
    onEnded?.(receipt)
    const parties = sideOf(receipt.order, owner)
    if (parties === undefined) return
    const { side, other } = parties
    const known = this.#peers.get(other)
    const crowded = known === undefined && this.#peers.size >= PEERS_COUNTED_MAX
    const tally = tallied(crowded ? this.#others : (known ?? NO_TALLY), receipt, side)
    if (crowded) this.#others = tally
    else this.#peers.set(other, tally)
  }
}

function tallied(
  tally: PeerTally,
  { stage, milliCredits, work }: Receipt,
  side: 'requester' | 'provider',
): PeerTally {
  const sum = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER)
  return {
    earnedMilliCredits: sum(tally.earnedMilliCredits, side === 'provider' ? milliCredits : 0),
    spentMilliCredits: sum(tally.spentMilliCredits, side === 'requester' ? milliCredits : 0),
    settled: tally.settled + (stage === 'settled' ? 1 : 0),
    disputed: tally.disputed + (stage === 'disputed' ? 1 : 0),
    mflop: sum(tally.mflop, work.mflop),
  }
}
