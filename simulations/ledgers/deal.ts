/**
 * One device works for another: it is ordered, done step by step, delivered and settled, by the receipts of the daemon.
 *
 * The work itself is pretended, and so are the links on which it travels: what counts is who counts what.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { Receipt } from '../../ledger/index.ts'
import type { HostedWork } from '../../node/receipts/hosted-work.ts'
import type { DealPlan } from './ledger-plan.ts'
import type { LedgerDevice, LedgerLife } from './ledger-device.ts'
import type { LedgerParts } from './ledger-parts.ts'
import type { LedgerWorld } from './ledger-world.ts'

/** Of one token. */
const FLOPS = 1.5e12
export const ROW_MILLI_CREDITS = 1_500
/** Tokens for which a requester would pay at most, in one deal. */
const ROWS_MAX = 100_000
/** Until a device notices that the other one is gone. */
const NOTICE_MS_MAX = 15_000

const TENSOR: Tensor = { name: 'x', type: 'float32', dims: [1, 1], data: new Uint8Array(4) }

export class Deal {
  readonly plan: DealPlan
  /** What the requester gave to do, and saw done, in tokens. */
  rows = 0
  /** When its provider did something for which nothing was settled yet, first and last. */
  unpaid: { readonly fromMs: number; toMs: number } | undefined
  /** The longest time of that. */
  unpaidMs = 0
  /** What its requester knows of it. */
  receipt: Receipt | undefined
  readonly #world: LedgerWorld
  readonly #name: Uint8Array
  #stopped = false

  constructor(world: LedgerWorld, plan: DealPlan, number: number) {
    this.#world = world
    this.plan = plan
    this.#name = world.roster.context.crypto.sha256(utf8(`deal ${number}`))
  }

  get requester(): LedgerDevice | undefined {
    return this.#world.devices[this.plan.requester]
  }

  get provider(): LedgerDevice | undefined {
    return this.#world.devices[this.plan.provider]
  }

  /** Begins, when both are there and hear each other. */
  begin(): void {
    const { requester, provider } = this
    const [asks, works] = [requester?.life, provider?.life]
    if (requester === undefined || provider === undefined) return
    if (asks === undefined || works === undefined || !this.#hear(asks, works)) return
    const [there, here] = [provider.partsFor(asks.port.self), requester.partsFor(works.port.self)]
    if (there === undefined || here === undefined) return
    const { net } = this.#world
    works.device.after(net.wayMs(asks.port, works.port.self, 0), 'arrival', () => {
      const work = this.#host(there, asks.port.self)
      asks.device.after(net.wayMs(works.port, asks.port.self, 0), 'arrival', () =>
        this.#order(here, works),
      )
      if (provider.ways.deliversNothing === true) return
      this.#step({ works, asks, work, left: this.plan.steps })
    })
  }

  #host({ receipts }: LedgerParts, requester: LedgerLife['port']['self']): HostedWork {
    return receipts.deliveries.hosted({
      requester,
      spec: this.#name,
      outputSoFar: () => this.#name,
      onUnsettled: () => {
        this.#tell('no work without a settlement')
        this.#stopped = true
      },
    })
  }

  #order({ receipts }: LedgerParts, works: LedgerLife): void {
    const { mode } = this.plan
    const terms = { mode, spec: this.#name, input: this.#name, provider: works.port.self }
    const owner = {
      appraise: () => this.#appraise(),
      onChange: (receipt: Receipt) => this.#onChange(receipt),
    }
    const milliCreditsMax = ROW_MILLI_CREDITS * ROWS_MAX * this.#honours
    // Whoever cannot write its order down ends, or is told by its ledger.
    void receipts.orders.order({ ...terms, milliCreditsMax }, owner).catch(() => undefined)
  }

  /** How many times what was done the requester would pay: once, but among those who sign what was never done. */
  get #honours(): number {
    const both = [this.requester, this.provider].every((device) => device?.ways.inflates === true)
    return both ? (this.requester?.ways.counts ?? 1) : 1
  }

  async #appraise() {
    if (this.requester?.ways.settlesNothing === true) await Promise.withResolvers<void>().promise
    const granted = this.receipt?.milliCredits ?? 0
    const done = ROW_MILLI_CREDITS * this.rows * this.#honours
    return { verdict: 'accepted' as const, milliCreditsMax: Math.max(0, done - granted) }
  }

  #onChange(receipt: Receipt): void {
    if (receipt.rounds > (this.receipt?.rounds ?? 0)) this.unpaid = undefined
    this.receipt = receipt
    const { stage, rounds, milliCredits } = receipt
    this.#tell(`${stage}, ${milliCredits} granted in ${rounds} rounds`)
  }

  #tell(what: string): void {
    const { requester, provider } = this.plan
    this.#world.clock.tell(`device ${requester} of device ${provider}: ${what}`)
  }

  /** Works on, as long as both are there and it is settled. */
  #step(going: {
    readonly works: LedgerLife
    readonly asks: LedgerLife
    readonly work: HostedWork
    readonly left: number
  }): void {
    const { works, asks, work, left } = going
    works.device.after(this.plan.stepMs, 'work', () => {
      if (this.#stopped) return
      if (!asks.device.alive || !this.#hear(asks, works)) return this.#partLater(works, work)
      this.#ran(work)
      if (left > 1) this.#step({ ...going, left: left - 1 })
      else work.ended({ output: this.#name, environment: this.#name })
    })
  }

  #ran(work: HostedWork): void {
    const { rows } = this.plan
    const counts = this.provider?.ways.counts ?? 1
    this.rows += rows
    work.ran({
      description: {
        flops: 2 * FLOPS * counts,
        receives: [{ name: 'x', type: 'float32', dims: [1, 2] }],
      },
      received: [TENSOR],
      sent: [TENSOR],
      rows,
      computeUs: 2_000,
      accelerated: false,
    })
    const { nowMs } = this.#world.clock
    this.unpaid ??= { fromMs: nowMs, toMs: nowMs }
    this.unpaid.toMs = nowMs
    this.unpaidMs = Math.max(this.unpaidMs, nowMs - this.unpaid.fromMs)
  }

  /** The requester is gone: its provider notices after a while, and says what it did. */
  #partLater({ device }: LedgerLife, work: HostedWork): void {
    const ms = NOTICE_MS_MAX * this.#world.random.fraction()
    device.after(ms, 'end', () => work.ended({ output: this.#name, environment: this.#name }))
  }

  #hear(one: LedgerLife, other: LedgerLife): boolean {
    const { net } = this.#world
    const [a, b] = [one.port.self, other.port.self]
    return !net.isCut(a, b) && !net.isCut(b, a)
  }
}
