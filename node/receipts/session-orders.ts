/**
 * The orders of one session: one for each stage at another device, and for each that replaced one.
 *
 * What is granted is what both sides count: a provider what its layers took, this device what it
 * gave them to do. Neither gains by counting more.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { HalfBody, Receipt, ReceiptMode, ReceiptStage } from '../../ledger/index.ts'
import { openBytes, type OpenRecord } from '../../protocols/inference/index.ts'
import type { Orders } from './orders.ts'

/** What is known of a receipt. */
export interface OrderView {
  readonly stage: number
  readonly peer: PeerId
  /** The task, in hexadecimal: what the receipt is found by. */
  readonly id: string
  readonly state: ReceiptStage
  readonly milliCredits: number
  /** Millions of operations that were settled. */
  readonly mflop: number
}

export interface SessionOrdersComponents {
  readonly orders: Pick<Orders, 'order'>
  readonly self: PeerId
  readonly sha256: Sha256
  readonly clock: Clock
  readonly onChange: (view: OrderView) => void
}

export interface SessionOrdersInit {
  readonly mode: ReceiptMode
  /** Hash of what the session begins with; asked for once. */
  readonly input: () => Uint8Array
  /** Floating-point operations of a layer in the run with which costs were measured. */
  readonly layerFlops: readonly number[]
  /** The most that the session will be given to do, in such runs. */
  readonly scaleMax: number
  /** True when a stage that takes over does everything again. */
  readonly replaysAll: boolean
}

/** What the receipts of the stages say at the end. */
export interface SessionVerdict {
  /** Hash of the stage receipt of each stage that gave a good one. */
  readonly hashes: ReadonlyMap<number, Uint8Array>
  /** Stages whose receipts contradict what was seen, or one another. */
  readonly refused: ReadonlySet<number>
}

/** A stage at one device. */
interface Seat {
  readonly stage: number
  readonly flops: number
  /** Runs that were given out before it took its seat, and are not its own. */
  readonly before: number
  granted: number
  /** Another one has its place now: nothing is known of its outputs as a whole. */
  replaced: boolean
  readonly over: PromiseWithResolvers<void>
}

/** How long a last result waits for the end of its session, in milliseconds. */
const VERDICT_WAIT_MS = 10_000

export class SessionOrders {
  readonly #components: SessionOrdersComponents
  readonly #init: SessionOrdersInit
  readonly #seats = new Map<number, Seat>()
  readonly #verdict = Promise.withResolvers<SessionVerdict | undefined>()
  #input: Uint8Array | undefined
  #given = 0
  #released = 0

  constructor(components: SessionOrdersComponents, init: SessionOrdersInit) {
    this.#components = components
    this.#init = init
  }

  /** A device holds a stage from now on. */
  seated(peer: PeerId, open: OpenRecord): void {
    const { self } = this.#components
    const { stage, fromLayer, toLayer } = open
    const { layerFlops, scaleMax, replaysAll } = this.#init
    const replaced = this.#seats.get(stage)
    if (replaced !== undefined) {
      replaced.replaced = true
      replaced.over.resolve()
    }
    this.#seats.delete(stage)
    if (peer === self) return
    const flops = layerFlops.slice(fromLayer, toLayer).reduce((sum, each) => sum + each, 0)
    const seat: Seat = {
      stage,
      flops,
      before: replaysAll ? 0 : this.#released,
      granted: 0,
      replaced: false,
      over: Promise.withResolvers(),
    }
    this.#seats.set(stage, seat)
    const milliCreditsMax = milliCredits(flops * scaleMax)
    // After the first steps are on their way: hashing takes as long as sending.
    queueMicrotask(() => this.#order(seat, { peer, open, milliCreditsMax }))
  }

  #order(
    seat: Seat,
    asked: {
      readonly peer: PeerId
      readonly open: OpenRecord
      readonly milliCreditsMax: number
    },
  ): void {
    const { sha256, orders } = this.#components
    const { mode, input } = this.#init
    const { peer, open, milliCreditsMax } = asked
    this.#input ??= input()
    const spec = sha256(openBytes(open))
    const terms = { provider: peer, mode, spec, input: this.#input, milliCreditsMax }
    const owner = {
      appraise: (result: HalfBody<'result'>) => this.#appraise(seat, result),
      onChange: (receipt: Receipt) => this.#onChange(seat, peer, receipt),
    }
    orders.order(terms, owner).then(
      (receipt) => receipt === undefined && seat.over.resolve(),
      // The daemon ends when its ledger cannot be written.
      () => seat.over.resolve(),
    )
  }

  /** The session was given `scale` of a measured run to do. */
  gave(scale: number): void {
    this.#given += scale
  }

  /** An answer to such a run has come back. */
  came(scale: number): void {
    this.#released += scale
  }

  /** The session is over. Resolves when every stage that holds a seat was settled with, or after `waitMs`. */
  async close(verdict: SessionVerdict, waitMs: number): Promise<void> {
    this.#verdict.resolve(verdict)
    const over = new AbortController()
    const settled = Promise.all([...this.#seats.values()].map((seat) => seat.over.promise))
    await Promise.race([settled, this.#components.clock.sleep(waitMs, over.signal)])
    over.abort()
  }

  /** The session failed or was called off: what was done is granted without a look at its end. */
  abandon(): void {
    this.#verdict.resolve(undefined)
  }

  async #appraise(
    seat: Seat,
    result: HalfBody<'result'>,
  ): Promise<{ readonly verdict: 'accepted' | 'refused'; readonly milliCreditsMax: number }> {
    const verdict = result.last && !seat.replaced ? await this.#ended() : undefined
    const hash = verdict?.hashes.get(seat.stage)
    const agrees = verdict === undefined || (hash !== undefined && bytesEqual(hash, result.output))
    const refused = verdict !== undefined && (!agrees || verdict.refused.has(seat.stage))
    const milliCreditsMax = milliCredits(seat.flops * (this.#given - seat.before)) - seat.granted
    return { verdict: refused ? 'refused' : 'accepted', milliCreditsMax }
  }

  async #ended(): Promise<SessionVerdict | undefined> {
    const over = new AbortController()
    const late = this.#components.clock.sleep(VERDICT_WAIT_MS, over.signal)
    const verdict = await Promise.race([this.#verdict.promise, late.then(() => undefined)])
    over.abort()
    return verdict
  }

  #onChange(
    seat: Seat,
    peer: PeerId,
    { order, stage, milliCredits: granted, work }: Receipt,
  ): void {
    seat.granted = granted
    if (stage === 'settled' || stage === 'disputed') seat.over.resolve()
    const id = toHex(order.body.task)
    this.#components.onChange({
      stage: seat.stage,
      peer,
      id,
      state: stage,
      milliCredits: granted,
      mflop: work.mflop,
    })
  }
}

/** Thousandths of a credit, rounded down as the ledger does. */
function milliCredits(flop: number): number {
  return Math.max(0, Math.floor(flop / 1e9))
}
