/**
 * What one stage of this device does for another device, and its receipt.
 *
 * The receipt goes beside the work: nothing here keeps a step waiting.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import { invariant } from '../../core/invariant.ts'
import type { PeerId } from '../../core/ids.ts'
import type { HalfOf } from '../../ledger/index.ts'
import { ChunkPace } from '../../protocols/receipt/index.ts'
import { schedule } from '../mesh/exchange.ts'
import type { OpenReceipt } from './open-receipt.ts'
import { type StageRun, WorkMeter } from './work-meter.ts'

/** How a stage ended. */
export interface StageEnd {
  /** Hash of the stage receipt; undefined when it never served. */
  readonly output: Uint8Array | undefined
  /** Hash of the numeric class. */
  readonly environment: Uint8Array | undefined
}

export interface HostedWorkComponents {
  readonly clock: Clock
  /** The share of this device that its owner grants, from 0 to 1. */
  readonly level: () => number
  /** Tells the requester of a half that is on the disk. */
  readonly tell: (half: HalfOf<'result'>) => void
  /** SHA-256 over all that the stage gave so far. */
  readonly outputSoFar: () => Uint8Array
  /** The requester did not order, or did not settle: the stage should do no more for it. */
  readonly onUnsettled: () => void
  /** Called once, when nothing more will be said. */
  readonly onOver: () => void
  /** A half could not be written. */
  readonly onError: (error: unknown) => void
}

export class HostedWork {
  readonly requester: PeerId
  readonly #components: HostedWorkComponents
  readonly #meter = new WorkMeter()
  readonly #pace = new ChunkPace()
  #receipt: OpenReceipt | undefined
  #sinceMs: number
  #chunk = 0
  #end: (StageEnd & { readonly output: Uint8Array }) | undefined
  /** True while a result is written, or waits for its settlement. */
  #delivered = false
  #over = false
  /** Calls the timer off. */
  #timer: (() => void) | undefined

  constructor(components: HostedWorkComponents, requester: PeerId) {
    this.#components = components
    this.requester = requester
    this.#sinceMs = components.clock.monotonicMs()
  }

  get receipt(): OpenReceipt | undefined {
    return this.#receipt
  }

  /** The stage ran. */
  ran(run: StageRun): void {
    if (this.#over) return
    this.#meter.add(run)
    this.#pace.worked(run.rows ?? 0, this.#components.clock.monotonicMs())
    this.#look()
  }

  /** The stage is over. */
  ended(end: StageEnd): void {
    if (end.output === undefined) return this.close()
    this.#end ??= { ...end, output: end.output }
    this.#pace.ended(this.#components.clock.monotonicMs())
    this.#look()
  }

  /** The requester ordered this work; the accept is on the disk. */
  ordered(receipt: OpenReceipt): void {
    invariant(this.#receipt === undefined, 'work is ordered once')
    this.#receipt = receipt
    this.#pace.ordered()
    this.#look()
  }

  /** The requester settled what was delivered. */
  settled(): void {
    this.#delivered = false
    this.#pace.settled()
    if (this.#receipt?.ended === true) this.close()
    else this.#look()
  }

  /** Says nothing more. */
  close(): void {
    if (this.#over) return
    this.#over = true
    this.#timer?.()
    this.#components.onOver()
  }

  /** Does what is due now, and looks again when something else may be. */
  #look(): void {
    if (this.#over) return
    const nowMs = this.#components.clock.monotonicMs()
    const { mode } = this.#receipt?.receipt.order.body ?? {}
    const due = this.#end !== undefined || (mode === 'stream' && this.#pace.isDue(nowMs))
    if (due && !this.#delivered && this.#receipt !== undefined) void this.#deliver(this.#receipt)
    else if (this.#pace.isOverdue(nowMs)) {
      if (this.#end === undefined) this.#components.onUnsettled()
      this.close()
      return
    }
    this.#arm(nowMs)
  }

  /** One timer, which is set again only after it has run: a step costs no timer. */
  #arm(nowMs: number): void {
    const deadlineMs = this.#pace.deadlineMs()
    if (this.#timer !== undefined || deadlineMs === undefined || this.#over) return
    this.#timer = schedule(this.#components.clock, Math.max(nowMs + 1, deadlineMs), () => {
      this.#timer = undefined
      this.#look()
    })
  }

  async #deliver(receipt: OpenReceipt): Promise<void> {
    const { clock, level, tell, outputSoFar, onError } = this.#components
    const nowMs = clock.monotonicMs()
    const end = this.#end
    this.#delivered = true
    this.#pace.delivered(nowMs)
    const work = this.#meter.take(nowMs - this.#sinceMs, level())
    this.#sinceMs = nowMs
    const output = end?.output ?? outputSoFar()
    try {
      const half = await receipt.say('result', ({ tip, accept }) => {
        invariant(accept !== undefined, 'what is delivered was accepted')
        return {
          after: tip,
          accept: accept.id,
          chunk: this.#chunk++,
          last: end !== undefined,
          output,
          work,
          sealed: undefined,
          environment: end?.environment,
        }
      })
      tell(half)
    } catch (error) {
      onError(error)
      this.close()
    }
  }
}
