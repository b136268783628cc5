/**
 * Runs one job: places the model, opens a session for each replica, spreads the inputs over them.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { toHex } from '../../../core/bytes.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Crypto } from '../../../core/crypto.ts'
import type { PeerId, SessionId } from '../../../core/ids.ts'
import type { Logger } from '../../../core/logger.ts'
import type { Tensor } from '../../../core/tensor.ts'
import type { BlobRef } from '../../../models/index.ts'
import { InferenceError, leafOf, type RequesterInit } from '../../../protocols/inference/index.ts'
import type { Audits } from '../../audit/audits.ts'
import type { OutboundLinks } from '../../inference/outbound-links.ts'
import { RequesterSession, type SessionEvent } from '../../inference/requester-session.ts'
import type { Orders } from '../../receipts/orders.ts'
import { SessionOrders } from '../../receipts/session-orders.ts'
import type { PlanStage } from '../placement/plan.ts'
import type { JobOutputs } from './job-outputs.ts'
import { type HopRecord, type JobRecord, type StageRecord, stageRecords } from './job-record.ts'
import type { LinkTable } from './link-table.ts'
import type { Planned, Planner } from './planner.ts'
import { planView } from './plan-view.ts'
import { bytesOf, noteHops } from './hop-notes.ts'
import { ReceiptCheck } from './receipt-check.ts'
import { type LostStage, ReplacementSearch } from './replacement-search.ts'
import { inputScale } from './input-scale.ts'
import { Samples } from './samples.ts'
import { sessionInit } from './session-init.ts'

export interface JobRunnerComponents {
  /** This device. */
  readonly self: PeerId
  readonly clock: Clock
  readonly crypto: Crypto
  readonly logger: Logger
  readonly outbound: OutboundLinks
  readonly orders: Pick<Orders, 'order'>
  /** Has work of others run again. */
  readonly audits: Pick<Audits, 'offer'>
  readonly planner: Pick<Planner, 'qualify' | 'replacement' | 'noteLost' | 'forgive'>
  readonly links: LinkTable
  readonly outputs: Pick<JobOutputs, 'put'>
  readonly nameOf: (peer: PeerId) => string
  /** Devices that this one is connected to, itself included. */
  reachable(peer: PeerId): boolean
}

export interface JobRunnerInit {
  readonly inFlightMax: number
  readonly pingMs: number
  readonly stallMs: number
  readonly progressMs: number
  readonly runMsMax: number
  readonly recoveriesMax: number
  readonly receiptMs: number
}

export interface JobWork {
  readonly record: JobRecord
  readonly planned: Planned
  readonly manifest: BlobRef
  readonly provider: RequesterInit['open']['provider']
  readonly objective: 'latency' | 'throughput'
  readonly inputs: readonly (readonly Tensor[])[]
}

/** One pipeline with its session. */
interface Replica {
  readonly index: number
  readonly session: RequesterSession
  readonly stages: StageRecord[]
  readonly hops: HopRecord[]
  readonly receipts: ReceiptCheck
  readonly orders: SessionOrders
  /** The input of each request that is under way. */
  readonly underWay: Map<number, number>
  requests: number
  state: 'running' | 'closed' | 'failed'
}

export class JobRunner {
  readonly #components: JobRunnerComponents
  readonly #init: JobRunnerInit
  readonly #work: JobWork
  readonly #replicas: Replica[] = []
  readonly #waiting: number[]
  readonly #done = Promise.withResolvers<void>()
  readonly #writes = new Set<Promise<void>>()
  readonly #search: ReplacementSearch
  #remaining: number
  #over = false

  constructor(components: JobRunnerComponents, init: JobRunnerInit, work: JobWork) {
    this.#components = components
    this.#search = new ReplacementSearch(components)
    this.#init = init
    this.#work = work
    this.#waiting = work.inputs.map((_, input) => input)
    this.#remaining = work.inputs.length
  }

  /**
   * Resolves once every output is kept and every receipt that came was checked.
   *
   * @throws {InferenceError} when a session cannot go on; @throws {StorageError} when outputs cannot
   * be kept; the reason of `signal` when it aborts.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { record, planned, provider, objective } = this.#work
    signal.throwIfAborted()
    const { nameOf } = this.#components
    const shown = provider === 'auto' ? 'cpu' : provider
    record.plan = planView(planned, { objective, provider: shown, nameOf })
    record.events.append({ type: 'plan', plan: record.plan })
    for (const note of record.plan.notes) record.note(note)
    record.enter('loading')
    const abort = (): void => this.#fail(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      for (const [index, stages] of planned.plan.replicas.entries()) this.#open(index, stages)
      await this.#done.promise
    } finally {
      signal.removeEventListener('abort', abort)
      this.#over = true
      for (const { session, orders } of this.#replicas) {
        session.abort()
        orders.abandon()
      }
      await Promise.allSettled(this.#writes)
    }
  }

  #open(index: number, stages: readonly PlanStage[]): void {
    const { record } = this.#work
    const { nameOf } = this.#components
    const { provider } = this.#work
    const records = stageRecords(stages, { replica: index, provider, nameOf })
    const hops = Array.from({ length: stages.length + 1 }, (_, hop) => ({
      replica: index,
      from: hop === 0 ? 'requester' : `${hop - 1}`,
      to: hop === stages.length ? 'requester' : `${hop}`,
      ms: new Samples(),
      bytes: new Samples(),
    }))
    record.stages.push(...records)
    record.hops.push(...hops)
    const id = toHex(randomBytes(16)) as SessionId
    const pipeline = { stages, wires: this.#work.planned.wires[index] ?? [] }
    const init = sessionInit(id, pipeline, this.#work, this.#init)
    const session = new RequesterSession(
      {
        clock: this.#components.clock,
        outbound: this.#components.outbound,
        replacement: async (stage, excluded, code) =>
          this.#replacement(replica, stages, { stage, excluded, code }),
        cleared: (peer) => record.note(this.#search.clear(peer)),
        onEvent: (event) => this.#onEvent(replica, event),
      },
      init,
    )
    const replica: Replica = {
      index,
      session,
      stages: records,
      hops,
      receipts: new ReceiptCheck(this.#components.crypto, {
        session: id,
        model: init.open.model,
        requester: this.#components.self,
        ranges: init.ranges,
      }),
      orders: this.#ordersOf(index),
      underWay: new Map(),
      requests: 0,
      state: 'running',
    }
    this.#replicas.push(replica)
    session.start(stages.map(({ peer }) => peer))
    this.#pump()
  }

  /** The orders of one replica, each shown as it goes on. */
  #ordersOf(replica: number): SessionOrders {
    const { inputs, planned, record } = this.#work
    const { manifest } = planned.model
    return new SessionOrders(
      {
        ...this.#components,
        sha256: this.#components.crypto.sha256,
        onChange: (view) => record.settlements.note(replica, view),
      },
      {
        mode: inputs.length === 1 ? 'simple' : 'stream',
        input: () => leafOf(inputs[0] ?? [], this.#components.crypto.sha256),
        layerFlops: manifest.layers.map(({ flops }) => flops),
        scaleMax: inputs.reduce((sum, tensors) => sum + inputScale(manifest, tensors), 0),
        replaysAll: false,
      },
    )
  }

  /** Gives every replica what it can take. */
  #pump(): void {
    for (let given = true; given && !this.#over;) {
      given = false
      for (const replica of this.#replicas) {
        if (replica.state !== 'running' || replica.session.capacity <= 0) continue
        const input = this.#waiting.shift()
        if (input === undefined) return
        given = true
        const request = replica.requests++
        const tensors = this.#work.inputs[input] ?? []
        replica.underWay.set(request, input)
        replica.session.submit(request, tensors)
        // After it is on its way: hashing takes as long as sending.
        replica.receipts.input(request, tensors)
        replica.orders.gave(inputScale(this.#work.planned.model.manifest, tensors))
      }
    }
  }

  #onEvent(replica: Replica, event: SessionEvent): void {
    if (this.#over) return
    switch (event.type) {
      case 'loading':
        this.#setStage(replica, event.stage, event.bytesTotal > 0 ? 'fetching' : 'loading')
        return
      case 'ready':
        this.#setStage(replica, event.stage, 'ready', event.peer)
        replica.orders.seated(event.peer, event.open)
        replica.receipts.seated(event.open)
        if (replica.stages.every(({ state }) => state === 'ready' || state === 'running')) {
          this.#work.record.enter('running')
        }
        return
      case 'recovered':
        this.#onRecovered(replica, event.recovery)
        return
      case 'output':
        this.#onOutput(replica, event)
        return
      case 'receipt':
        this.#onReceipt(replica, event)
        return
      // Only of texts: a job asks nobody to stand by.
      case 'standby':
        return
      case 'closed':
        this.#onClosed(replica)
        return
      case 'failed':
        this.#onFailed(replica, event)
        return
    }
  }

  #setStage(replica: Replica, index: number, state: StageRecord['state'], peer?: PeerId): void {
    const stage = replica.stages[index]
    if (stage === undefined) return
    if (peer !== undefined) {
      stage.peer = peer
      stage.name = this.#components.nameOf(peer)
    }
    if (stage.state === state && peer === undefined) return
    stage.state = state
    this.#work.record.events.append({ type: 'stage', stage: stage.show() })
  }

  #onOutput(replica: Replica, event: SessionEvent & { type: 'output' }): void {
    const { output, elapsedMs, transfersMs } = event
    const input = replica.underWay.get(output.request)
    if (input === undefined) return
    replica.underWay.delete(output.request)
    replica.receipts.output(output.request, output.tensors)
    const inputs = this.#work.inputs[input] ?? []
    replica.orders.came(inputScale(this.#work.planned.model.manifest, inputs))
    const inputBytes = bytesOf(inputs)
    const { links, self } = this.#components
    noteHops(replica, { output, transfersMs, inputBytes }, { table: links, self })
    for (const index of replica.stages.keys()) {
      if (replica.stages[index]?.state === 'ready') this.#setStage(replica, index, 'running')
    }
    this.#work.record.noteOutput(elapsedMs, output.hops, this.#components.clock.monotonicMs())
    const write = this.#keep(input, output.tensors)
    this.#writes.add(write)
    write.then(
      () => this.#writes.delete(write),
      (error: unknown) => this.#fail(error),
    )
    this.#pump()
  }

  async #keep(input: number, tensors: readonly Tensor[]): Promise<void> {
    const { record } = this.#work
    const { outputs, crypto, clock } = this.#components
    await outputs.put(record.id, input, tensors)
    record.noteKept(digest(input, tensors, crypto), clock.monotonicMs())
    this.#remaining--
    if (this.#remaining > 0) return
    for (const replica of this.#replicas) if (replica.state === 'running') replica.session.finish()
    this.#settle()
  }

  #onRecovered(
    replica: Replica,
    recovery: (SessionEvent & { type: 'recovered' })['recovery'],
  ): void {
    const { stage, from: fromPeer, to: toPeer, code, elapsedMs: ms, copiedRows } = recovery
    replica.receipts.interrupted()
    const view = { replica: replica.index, stage, fromPeer, toPeer, ms, code, copiedRows }
    this.#work.record.recoveries.push(view)
    this.#work.record.events.append({ type: 'recovery', recovery: view })
    this.#components.logger.info('stage replaced', view)
  }

  async #replacement(
    replica: Replica,
    stages: readonly PlanStage[],
    lost: LostStage,
  ): Promise<PeerId | undefined> {
    const { stage, code } = lost
    this.#components.logger.info('stage lost', { replica: replica.index, stage, code })
    this.#setStage(replica, stage, 'lost')
    const now = stages.map((planned, index) => ({
      ...planned,
      peer: replica.stages[index]?.peer ?? planned.peer,
    }))
    return this.#search.find(this.#work.planned, now, lost)
  }

  #onReceipt(replica: Replica, { stage, signed }: SessionEvent & { type: 'receipt' }): void {
    const peer = replica.stages[stage]?.peer ?? this.#components.self
    const hash = replica.receipts.receipt(stage, peer, signed)
    if (hash === undefined) {
      this.#work.record.note(`the receipt of stage ${stage} is not what its device should sign`)
      return
    }
    this.#work.record.receipts.push({ replica: replica.index, stage, peer, hash })
    this.#setStage(replica, stage, 'closed')
  }

  /** All stage receipts have come, or will not: the stages are settled with. */
  #onClosed(replica: Replica): void {
    const { text, ...verdict } = replica.receipts.verdict()
    if (text !== undefined) this.#work.record.note(`replica ${replica.index}: ${text}`)
    void replica.orders.close(verdict, this.#init.receiptMs).then(() => {
      replica.state = 'closed'
      this.#components.audits.offer(replica.receipts.done(replica.stages))
      this.#settle()
    })
  }

  #onFailed(replica: Replica, event: SessionEvent & { type: 'failed' }): void {
    replica.state = 'failed'
    replica.orders.abandon()
    const { code, stage, request } = event
    if (replica.underWay.size === 0 && this.#waiting.length === 0) {
      this.#work.record.note(`replica ${replica.index} is lost (${code}); nothing of it is missing`)
      this.#settle()
      return
    }
    const others = this.#replicas.some(({ state }) => state === 'running')
    // A request that failed on two devices would take one replica after another with it.
    if (!others || request !== undefined || code === 'INFERENCE_INPUT_INVALID') {
      this.#fail(
        new InferenceError({
          code,
          ...(stage === undefined ? {} : { stage }),
          ...(request === undefined ? {} : { request: replica.underWay.get(request) ?? request }),
        }),
      )
      return
    }
    this.#work.record.note(`replica ${replica.index} is lost (${code}); the others take its inputs`)
    this.#waiting.unshift(...replica.underWay.values())
    replica.underWay.clear()
    this.#pump()
  }

  #settle(): void {
    const all = this.#replicas.every(({ state }) => state !== 'running')
    if (this.#remaining > 0 || !all) return
    this.#done.resolve()
  }

  #fail(error: unknown): void {
    this.#done.reject(error)
  }
}

function digest(
  input: number,
  tensors: readonly Tensor[],
  { sha256 }: Crypto,
): { input: number; sha256: string; bytes: number } {
  const joined = Buffer.concat(tensors.map(({ data }) => data))
  return { input, sha256: toHex(sha256(joined)), bytes: joined.length }
}
