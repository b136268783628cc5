/**
 * Drives the machine of one stage of one session: executor on one side, links on the other.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Sha256, Signer } from '../../core/crypto.ts'
import { bytesEqual } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  InferenceError,
  receiptHash,
  receiptMessage,
  StageMachine,
  type AttachRecord,
  type FaultCode,
  type InferenceMessage,
  type OpenRecord,
  type Receipt,
  type RouteStage,
  type StageInput,
  type StageOutput,
  type StageTape,
  type TensorMessage,
  type TextRows,
} from '../../protocols/inference/index.ts'
import type { StageEnd } from '../receipts/hosted-work.ts'
import type { StageRun } from '../receipts/work-meter.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { ByteBudget } from './byte-budget.ts'
import { loadFaultOf, runFaultOf } from './faults.ts'
import { HostedCopy, isCopyOutput } from './hosted-copy.ts'
import { HostedText } from './hosted-text.ts'
import type { Lending } from './lending.ts'
import type { OutboundLinks, Slot } from './outbound-links.ts'
import type { PrefixStore } from './prefix-store.ts'
import { RunQueue, type RunOutcome } from './run-queue.ts'
import type { TextAdmission } from './text-admission.ts'
import type { RunGate } from './run-gate.ts'
import type { StagePaces } from './stage-paces.ts'
import type { LentResource, LoadedStage, StageLease, StagePool } from './stage-pool.ts'
import { crossing, incoming, outgoing } from './stage-tensors.ts'

export interface HostedStageComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly signer: Signer
  readonly sha256: Sha256
  readonly pool: StagePool
  readonly outbound: OutboundLinks
  /** Room for keys, values and journals of texts. */
  readonly admission: TextAdmission
  /** What texts left here. */
  readonly prefixes: PrefixStore
  /** What tensors that wait for their executors count against; those of this device itself do not. */
  readonly waiting: ByteBudget | undefined
  /** What is lent of this device; undefined for what it asked for itself. */
  readonly lending: Lending | undefined
  /** Sends to the requester. */
  readonly reply: (message: InferenceMessage) => void
  /** Has what this stage does settled; undefined for stages of this device itself. */
  readonly work: StageWork | undefined
  /** Learns what rows take here. */
  readonly paces: StagePaces | undefined
  /** Keeps what goes through; undefined for stages of this device itself. */
  readonly tape: StageTape | undefined
  /** Called once, when nothing of this stage runs any more. */
  onEnd(): void
}

/** Who keeps the account of a stage. */
export interface StageWork {
  ran(run: StageRun): void
  ended(end: StageEnd): void
}

export interface HostedStageInit {
  readonly open: OpenRecord
  readonly requester: PeerId
  /** True when another device asked for it. */
  readonly lent: boolean
  readonly journalBytesMax: number
  /** A number that no other text of this device has. */
  readonly slot: number
}

export class HostedStage {
  readonly open: OpenRecord
  readonly requester: PeerId
  /** True when it works for another device. */
  readonly lent: boolean
  readonly #components: HostedStageComponents
  readonly #machine: StageMachine
  readonly #driver: MachineDriver<StageInput, StageOutput>
  readonly #runs: RunQueue
  readonly #abort = new AbortController()
  /** This text's place in the executor. */
  readonly #slot: number
  #text: HostedText | undefined
  #lease: StageLease | undefined
  #next: Slot | undefined
  /** The way to a successor of the next stage, which is fed beside it. */
  #shadow: Slot | undefined
  #shadowEpoch = 0
  readonly #copy: HostedCopy
  /** Outputs leave in the order of their runs. */
  #left: Promise<void> = Promise.resolve()
  #over = false

  constructor(components: HostedStageComponents, init: HostedStageInit) {
    const { clock, signer, sha256, tape } = components
    this.#slot = init.slot
    this.open = init.open
    this.requester = init.requester
    this.lent = init.lent
    this.#components = components
    this.#machine = new StageMachine({ ...init, self: signer.peer, sha256, tape })
    this.#driver = new MachineDriver(this.#machine, {
      nowMs: () => clock.monotonicMs(),
      schedule: (atMs, callback) => {
        const timer = setTimeout(callback, Math.max(0, atMs - clock.monotonicMs()))
        return () => clearTimeout(timer)
      },
      perform: (output) => this.#perform(output),
    })
    const { requester } = init
    this.#copy = new HostedCopy({
      ...components,
      requester,
      text: () => this.#text,
      feed: (input) => {
        if (!this.#over) this.feed(input)
      },
    })
    this.#runs = new RunQueue(
      {
        clock,
        budget: components.waiting,
        rowsMax: () => this.#gate?.rowsMax,
        wants: (request) => this.#machine.wants(request),
        run: (tensors, rows) => this.#run(tensors, rows),
        onRan: (ran) => this.feed({ type: 'ran', ...ran }),
        onFailed: (request, error) => this.#onFailed(request, error),
      },
      init.requester,
    )
  }

  /** What it computes with, or would. */
  get resource(): LentResource {
    return resourceOf(this.#lease?.stage.provider ?? this.open.provider)
  }

  get #gate(): RunGate | undefined {
    return this.#components.lending?.gate(this.resource)
  }

  /** Loads the stage; what comes of it goes to the requester. */
  start(): void {
    // A successor has no time to dial when it is ready: a connection takes several round trips.
    for (const { peer } of neighbours(this.open)) this.#components.outbound.prepare(peer)
    this.#components.pool
      .acquire({
        open: this.open,
        requester: this.requester,
        lent: this.lent,
        onProgress: (bytesDone, bytesTotal) =>
          this.feed({ type: 'loading', bytesDone, bytesTotal, waiting: undefined }),
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

  /** The holder before attached a way for a copy; `answer` goes back on it. */
  takeCopy(answer: (message: InferenceMessage) => void): void {
    this.#copy.answerWith(answer)
  }

  /** What the holder before sent on, for the journal. */
  keep(link: number, message: TensorMessage): void {
    this.#copy.keep(link, message)
  }

  /** SHA-256 over all that was given so far. */
  outputRoot(): Uint8Array {
    return this.#machine.outputRoot()
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
    this.#lease = lease
    this.#admit(lease).then(
      (code) => {
        if (this.#over) return
        if (code === undefined) this.#serve(lease)
        else this.feed({ type: 'load-failed', code })
      },
      // The end of an executor says of itself what is to be done.
      (error: unknown) => this.#onFailed(0, error),
    )
  }

  /** Why this stage cannot serve the session; undefined when it can. */
  async #admit({ stage }: StageLease): Promise<FaultCode | undefined> {
    const { numericClass, text } = this.open
    if (numericClass !== undefined && !bytesEqual(stage.numericClass, numericClass)) {
      return 'INFERENCE_CLASS_OTHER'
    }
    if (text === undefined) return stage.text.textsOnly ? 'INFERENCE_OPEN_REFUSED' : undefined
    const { open, requester } = this
    const init = { open, text, requester, stage, slot: this.#slot }
    this.#text = new HostedText(this.#components, {
      ...init,
      onWaiting: (waiting) => this.feed({ type: 'loading', bytesDone: 0, bytesTotal: 0, waiting }),
      onTaken: () => this.feed({ type: 'load-failed', code: 'INFERENCE_MEMORY' }),
    })
    return this.#text.admit()
  }

  #serve({ stage }: StageLease): void {
    this.#components.paces?.proved(stage)
    this.feed({
      type: 'loaded',
      ready: {
        provider: stage.provider,
        numericClass: stage.numericClass,
        exact: stage.exact,
        loadMs: stage.loadMs,
        fetchedBytes: stage.fetchedBytes,
        weightBytes: stage.description.weightBytes,
        prefixRows: this.#text?.prefixRows,
        stepUs: stage.stepUs > 0 ? stage.stepUs : undefined,
        besideUs: stage.besideUs,
        chunkUs: stage.chunkUs,
        keptRowBytes: stage.text.keptRowBytes > 0 ? stage.text.keptRowBytes : undefined,
      },
    })
    this.#runs.open()
  }

  #perform(output: StageOutput): void {
    if (isCopyOutput(output)) {
      this.#copy.perform(output)
      return
    }
    switch (output.type) {
      case 'run':
        // What one requester has waiting here is bounded: it is told so instead of being served later.
        if (!this.#runs.push(output)) {
          const { request } = output
          this.feed({ type: 'run-failed', request, code: 'INFERENCE_OVERLOADED' })
        }
        return
      case 'reply':
        this.#components.reply(output.message)
        return
      case 'connect-next':
        this.#connect(output.to, output.attach)
        return
      case 'connect-shadow':
        this.#leave(this.#shadow)
        this.#shadow = this.#openWay(output.to, output.attach)
        this.#shadowEpoch = output.to.epoch
        return
      case 'promote-shadow':
        this.#promote()
        return
      case 'forward':
        this.#forward(output)
        return
      case 'end':
        this.#end(output.receipt)
        return
    }
  }

  #forward({ to, message }: StageOutput & { readonly type: 'forward' }): void {
    if (to === 'copy') this.#copy.send(message)
    else (to === 'next' ? this.#next : this.#shadow)?.send(message)
  }

  async #run(sent: readonly Tensor[], rows: TextRows | undefined): Promise<RunOutcome> {
    const { lending } = this.#components
    if (lending === undefined) return this.#measured(sent, rows)
    const { signal } = this.#abort
    const outcome = await lending.gate(this.resource).pass(() => this.#measured(sent, rows), signal)
    const { uplink } = lending
    if (uplink === undefined) return outcome
    // What leaves has its share of the uplink; the next run waits as well, so that nothing piles up.
    this.#left = this.#left.then(() => uplink.passAhead(bytesOf(outcome.tensors), signal))
    await this.#left
    return outcome
  }

  /** Runs, and puts it on the account of the stage. */
  async #measured(sent: readonly Tensor[], rows: TextRows | undefined): Promise<RunOutcome> {
    const stage = this.#lease?.stage
    if (stage === undefined) throw new InferenceError({ code: 'INFERENCE_EXECUTOR_DIED' })
    const { description } = stage
    const received = crossing(description, sent)
    const { ranRows, ...outcome } = await this.#compute(stage, received, rows)
    // What was known already costs its requester nothing.
    if (ranRows === 0) return outcome
    const { computeUs, ownUs = computeUs } = outcome
    if (rows !== undefined) this.#components.paces?.ran(stage, rows, { computeUs, ownUs })
    this.#components.work?.ran({
      description,
      received,
      sent: outcome.tensors,
      rows: ranRows,
      computeUs: ownUs,
      accelerated: stage.provider !== 'cpu',
    })
    return outcome
  }

  /** `ranRows`: of a text only. */
  async #compute(
    { description, executor }: LoadedStage,
    received: readonly Tensor[],
    rows: TextRows | undefined,
  ): Promise<RunOutcome & { readonly ranRows: number | undefined }> {
    const tensors = incoming(description, received)
    if (rows !== undefined && this.#text !== undefined) return this.#text.run(tensors, rows)
    const { outputs, computeUs } = await executor.run(tensors)
    return {
      tensors: outgoing(description, received, outputs),
      computeUs,
      ranRows: undefined,
    }
  }

  #onFailed(request: number, error: unknown): void {
    // A run that waited for its turn when the session ended.
    if (this.#over) return
    const code = runFaultOf(error, this.open.stage)
    this.#components.logger.warn('stage run failed', { request, code: errorCode(error), error })
    const made = code === 'INFERENCE_NOT_FINITE' ? this.#lease?.stage : undefined
    if (made !== undefined) this.#components.pool.doubt(made)
    if (code === 'INFERENCE_EXECUTOR_DIED') this.feed({ type: 'executor-died' })
    else this.feed({ type: 'run-failed', request, code })
  }

  #connect(to: RouteStage, record: AttachRecord): void {
    this.#leave(this.#next)
    this.#next = this.#openWay(to, record)
  }

  /** What was fed beside the next stage takes its place; its way may have broken meanwhile. */
  #promote(): void {
    this.#leave(this.#next)
    this.#next = this.#shadow
    this.#shadow = undefined
    if (this.#next === undefined) this.feed({ type: 'next-lost', epoch: this.#shadowEpoch })
  }

  #openWay(to: RouteStage, record: AttachRecord): Slot {
    const way: Slot = this.#components.outbound.openSlot(to.peer, record.epoch, {
      // The next stage says nothing to this one: what it has to say goes to the requester.
      onMessage: () => undefined,
      onEnd: () => {
        if (this.#next === way) this.feed({ type: 'next-lost', epoch: to.epoch })
        else if (this.#shadow === way) this.#shadow = undefined
      },
    })
    way.send({ type: 'attach', record })
    return way
  }

  #end(receipt: Receipt | undefined): void {
    if (this.#over) return
    this.#over = true
    const output = receipt === undefined ? undefined : this.#signed(receipt)
    this.#components.work?.ended({ output, environment: receipt?.numericClass })
    this.#driver.stop()
    this.#runs.close()
    this.#leave(this.#next)
    this.#leave(this.#shadow)
    this.#copy.end()
    this.#abort.abort()
    this.#text?.leave()
    this.#lease?.release()
    this.#components.onEnd()
  }

  /** Sends the stage receipt. Returns its hash, which the ledger's half will name. */
  #signed(receipt: Receipt): Uint8Array {
    const { signer, sha256, reply } = this.#components
    const message = receiptMessage(receipt)
    const signature = signer.sign(message)
    reply({ type: 'receipt', signed: { receipt, signature } })
    return receiptHash(message, signature, sha256)
  }

  /** Tells a stage that nothing more comes on this slot. */
  #leave(way: Slot | undefined): void {
    way?.send({ type: 'close' })
    way?.close()
  }
}

/** Who sends to a stage, and whom it sends to: of a text its ends are neighbours as well. */
function neighbours({ stage, route, text }: OpenRecord): readonly RouteStage[] {
  const isRing = text?.gives === 'tokens' && route.length > 1
  const beside = [stage - 1, stage + 1]
  return beside.flatMap((at) => (isRing ? route.at(at % route.length) : route[at]) ?? [])
}

function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { data }) => sum + data.length, 0)
}

/** What a stage of this provider computes with; one that may be any runs on the processor unless it is told else. */
export function resourceOf(provider: OpenRecord['provider']): LentResource {
  return provider === 'auto' || provider === 'cpu' ? 'cpu' : 'gpu'
}
