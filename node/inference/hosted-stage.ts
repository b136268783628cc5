/**
 * Drives the machine of one stage of one session: executor on one side, links on the other.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Sha256, Signer } from '../../core/crypto.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  receiptMessage,
  StageMachine,
  type AttachRecord,
  type InferenceMessage,
  type OpenRecord,
  type Receipt,
  type RouteStage,
  type StageInput,
  type StageOutput,
} from '../../protocols/inference/index.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { ByteBudget } from './byte-budget.ts'
import { loadFaultOf, runFaultOf } from './faults.ts'
import type { OutboundLinks, Slot } from './outbound-links.ts'
import {
  crossing,
  incoming,
  outgoing,
  type LoadedStage,
  type StageLease,
  type StagePool,
} from './stage-pool.ts'

/** Runs handed to an executor at once: one computes while the next one's tensors travel to it. */
const RUNS_AT_ONCE = 2

export interface HostedStageComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly signer: Signer
  readonly sha256: Sha256
  readonly pool: StagePool
  readonly outbound: OutboundLinks
  /** What tensors that wait for their executors count against; those of this device itself do not. */
  readonly waiting: ByteBudget | undefined
  /** Sends to the requester. */
  reply(message: InferenceMessage): void
  /** Called once, when nothing of this stage runs any more. */
  onEnd(): void
}

export interface HostedStageInit {
  readonly open: OpenRecord
  readonly requester: PeerId
  readonly journalBytesMax: number
}

interface Waiting {
  readonly request: number
  readonly tensors: readonly Tensor[]
  readonly bytes: number
  readonly sinceMs: number
}

export class HostedStage {
  readonly open: OpenRecord
  readonly requester: PeerId
  readonly #components: HostedStageComponents
  readonly #machine: StageMachine
  readonly #driver: MachineDriver<StageInput, StageOutput>
  readonly #waiting: Waiting[] = []
  readonly #abort = new AbortController()
  #running = 0
  #lease: StageLease | undefined
  #next: Slot | undefined
  #over = false

  constructor(components: HostedStageComponents, init: HostedStageInit) {
    const { clock, signer, sha256 } = components
    this.open = init.open
    this.requester = init.requester
    this.#components = components
    this.#machine = new StageMachine({ ...init, self: signer.peer, sha256 })
    this.#driver = new MachineDriver(this.#machine, {
      nowMs: () => clock.monotonicMs(),
      schedule: (atMs, callback) => {
        const timer = setTimeout(callback, Math.max(0, atMs - clock.monotonicMs()))
        return () => clearTimeout(timer)
      },
      perform: (output) => this.#perform(output),
    })
  }

  /** Loads the stage; what comes of it goes to the requester. */
  start(): void {
    this.#components.pool
      .acquire({
        open: this.open,
        requester: this.requester,
        onProgress: (bytesDone, bytesTotal) =>
          this.feed({ type: 'loading', bytesDone, bytesTotal }),
        onExit: () => this.feed({ type: 'executor-died' }),
        signal: this.#abort.signal,
      })
      .then(
        (lease) => this.#onLoaded(lease),
        (error: unknown) => {
          // A session that has ended wants no stage any more.
          if (this.#over) return
          const { session, stage } = this.open
          this.#components.logger.warn('stage not loaded', { session, stage, error })
          this.feed({ type: 'load-failed', code: loadFaultOf(error) })
        },
      )
  }

  feed(input: StageInput): void {
    this.#driver.feed(input)
  }

  /** True when an attach by this peer is what the requester's route says. */
  expects(from: PeerId, record: AttachRecord): boolean {
    return this.#machine.expects(from, record)
  }

  #onLoaded(lease: StageLease): void {
    if (this.#over) {
      lease.release()
      return
    }
    const { stage } = lease
    this.#lease = lease
    const wanted = this.open.numericClass
    if (wanted !== undefined && !stage.numericClass.every((byte, at) => byte === wanted[at])) {
      this.feed({ type: 'load-failed', code: 'INFERENCE_OPEN_REFUSED' })
      return
    }
    this.feed({
      type: 'loaded',
      ready: {
        provider: stage.provider,
        numericClass: stage.numericClass,
        loadMs: stage.loadMs,
        fetchedBytes: stage.fetchedBytes,
        weightBytes: stage.description.weightBytes,
      },
    })
    this.#pump()
  }

  #perform(output: StageOutput): void {
    switch (output.type) {
      case 'run': {
        this.#enqueue(output.request, output.tensors)
        return
      }
      case 'reply':
        this.#components.reply(output.message)
        return
      case 'connect-next':
        this.#connect(output.to, output.attach)
        return
      case 'forward':
        this.#next?.send(output.message)
        return
      case 'end':
        this.#end(output.receipt)
        return
    }
  }

  /** What one requester has waiting here is bounded: beyond, it is told so instead of being served later. */
  #enqueue(request: number, tensors: readonly Tensor[]): void {
    const bytes = tensors.reduce((sum, { data }) => sum + data.length, 0)
    if (this.#components.waiting?.take(this.requester, bytes) === false) {
      this.feed({ type: 'run-failed', request, code: 'INFERENCE_OVERLOADED' })
      return
    }
    const sinceMs = this.#components.clock.monotonicMs()
    this.#waiting.push({ request, tensors, bytes, sinceMs })
    this.#pump()
  }

  #release({ bytes }: Waiting): void {
    this.#components.waiting?.give(this.requester, bytes)
  }

  #pump(): void {
    const stage = this.#lease?.stage
    // Steps of a peer that did not wait for the others are kept until the stage is loaded.
    if (stage === undefined) return

    while (this.#running < RUNS_AT_ONCE) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      if (this.#machine.wants(next.request)) void this.#run(stage, next)
      else this.#release(next)
    }
  }

  async #run(stage: LoadedStage, waiting: Waiting): Promise<void> {
    const { request, sinceMs } = waiting
    this.#running++
    try {
      const tensors = crossing(stage.description, waiting.tensors)
      const { outputs, computeUs } = await stage.executor.run(incoming(stage.description, tensors))
      const elapsedMs = this.#components.clock.monotonicMs() - sinceMs
      const queueUs = Math.max(0, Math.round(elapsedMs * 1000) - computeUs)
      const sent = outgoing(stage.description, tensors, outputs)
      this.feed({ type: 'ran', request, tensors: sent, queueUs, computeUs })
    } catch (error) {
      const code = runFaultOf(error, this.open.stage)
      this.#components.logger.warn('stage run failed', { request, code: errorCode(error), error })
      if (code === 'INFERENCE_EXECUTOR_DIED') this.feed({ type: 'executor-died' })
      else this.feed({ type: 'run-failed', request, code })
    } finally {
      this.#running--
      this.#release(waiting)
      this.#pump()
    }
  }

  #connect(to: RouteStage, record: AttachRecord): void {
    this.#leaveNext()
    this.#next = this.#components.outbound.openSlot(to.peer, record.epoch, {
      // The next stage says nothing to this one: what it has to say goes to the requester.
      onMessage: () => undefined,
      onEnd: () => this.feed({ type: 'next-lost', epoch: to.epoch }),
    })
    this.#next.send({ type: 'attach', record })
  }

  #end(receipt: Receipt | undefined): void {
    if (this.#over) return
    this.#over = true
    if (receipt !== undefined) {
      const signature = this.#components.signer.sign(receiptMessage(receipt))
      this.#components.reply({ type: 'receipt', signed: { receipt, signature } })
    }
    this.#driver.stop()
    for (const waiting of this.#waiting.splice(0)) this.#release(waiting)
    this.#leaveNext()
    this.#abort.abort()
    this.#lease?.release()
    this.#components.onEnd()
  }

  /** Tells the next stage that nothing more comes on this slot. */
  #leaveNext(): void {
    this.#next?.send({ type: 'close' })
    this.#next?.close()
  }
}
