/**
 * One stage of one session, at the device that holds it.
 *
 *     loading   loaded → serving            load-failed → over
 *     serving   step → run → ran → send on, and keep it in the journal
 *     over      nothing; the driver has been told to drop everything
 *
 * The journal holds every output that the requester has not released. When the
 * next stage is replaced, it is what the replacement is rebuilt from; and a step
 * that arrives twice is answered from it instead of being computed again, so a
 * replay from further up is harmless.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { FaultCode } from './faults.ts'
import { REQUESTS_AHEAD_MAX, ROUTES_MAX, SESSION_SILENCE_MS_MAX } from './limits.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import type { AttachRecord, OpenRecord, ReadyRecord, Receipt, RouteStage } from './records.ts'
import { leafOf, rootOf } from './receipt-roots.ts'
import { fromWire, toWire } from './wire-type.ts'
import { fitsMessage, type Hop } from './tensor-table.ts'

export type StageInput =
  | { readonly type: 'loading'; readonly bytesDone: number; readonly bytesTotal: number }
  | { readonly type: 'loaded'; readonly ready: ReadyRecord }
  | { readonly type: 'load-failed'; readonly code: FaultCode }
  /** From the requester. */
  | { readonly type: 'control'; readonly message: InferenceMessage }
  /** A peer says that it is the stage before this one; its steps come on the link `from`. */
  | {
      readonly type: 'attach'
      readonly from: PeerId
      readonly link: number
      readonly record: AttachRecord
    }
  /** A step on the link that was attached, or from the requester (link undefined). */
  | { readonly type: 'step'; readonly link: number | undefined; readonly step: TensorMessage }
  | {
      readonly type: 'ran'
      readonly request: number
      readonly tensors: readonly Tensor[]
      /** How long it waited for the executor, and how long it computed. */
      readonly queueUs: number
      readonly computeUs: number
    }
  | { readonly type: 'run-failed'; readonly request: number; readonly code: FaultCode }
  | { readonly type: 'executor-died' }
  | { readonly type: 'next-lost'; readonly epoch: number }
  | { readonly type: 'requester-lost' }
  | { readonly type: 'leave'; readonly reason: string; readonly graceMs: number }

export type StageOutput =
  | { readonly type: 'run'; readonly request: number; readonly tensors: readonly Tensor[] }
  | { readonly type: 'reply'; readonly message: InferenceMessage }
  /** Open or re-open the way to the next stage; everything sent on before is of no use any more. */
  | { readonly type: 'connect-next'; readonly to: RouteStage; readonly attach: AttachRecord }
  | { readonly type: 'forward'; readonly message: InferenceMessage }
  /** Ends the session here: unload, and send `receipt` (to be signed) when there is one. */
  | { readonly type: 'end'; readonly receipt?: Receipt }

export interface StageInit {
  readonly open: OpenRecord
  readonly self: PeerId
  readonly requester: PeerId
  readonly sha256: Sha256
  /** Bytes of outputs that the journal may hold. What does not fit is not kept. */
  readonly journalBytesMax: number
}

interface Entry {
  readonly message: TensorMessage
  readonly bytes: number
}

interface Attachment {
  readonly peer: PeerId
  readonly link: number
  readonly epoch: number
}

export class StageMachine implements Machine<StageInput, StageOutput> {
  readonly #init: StageInit
  #route: readonly RouteStage[]
  #ready: ReadyRecord | undefined
  #over = false
  #attached: Attachment | undefined
  #connectedTo: RouteStage | undefined
  /** Requests on their way through the executor, with what they came with. */
  readonly #running = new Map<
    number,
    { readonly hops: readonly Hop[]; readonly arrivedMs: number }
  >()
  readonly #journal = new Map<number, Entry>()
  /** Requests that were done but whose output did not fit into the journal. */
  readonly #unkept = new Set<number>()
  #journalBytes = 0
  #released = 0
  #routes = 0
  #received = 0
  #done = 0
  #computeUs = 0
  #heardMs: number | undefined
  readonly #inputLeaves = new Map<number, Uint8Array>()
  readonly #outputLeaves = new Map<number, Uint8Array>()

  constructor(init: StageInit) {
    this.#init = init
    this.#route = init.open.route
  }

  /** False when a request that waits for the executor is not worth running any more. */
  wants(request: number): boolean {
    return !this.#over && this.#running.has(request)
  }

  handle(input: StageInput | TimePassed, nowMs: number): readonly StageOutput[] {
    if (this.#over) return []
    this.#heardMs ??= nowMs
    if (input.type === 'control') {
      this.#heardMs = nowMs
      return this.#onControl(input.message, nowMs)
    }
    if (input.type === 'time-passed') {
      return nowMs >= (this.deadlineMs() ?? Infinity) ? this.#end() : []
    }
    return input.type === 'step' || input.type === 'attach'
      ? this.#onPeer(input, nowMs)
      : this.#onOwn(input, nowMs)
  }

  /** What the stage before says. */
  #onPeer(input: StageInput & { type: 'step' | 'attach' }, nowMs: number): readonly StageOutput[] {
    return input.type === 'step'
      ? this.#onStep(input.link, input.step, nowMs)
      : this.#onAttach(input)
  }

  /** What this device's own driver says. */
  #onOwn(
    input: Exclude<StageInput, { type: 'control' | 'step' | 'attach' }>,
    nowMs: number,
  ): readonly StageOutput[] {
    switch (input.type) {
      case 'ran':
        return this.#onRan(input, nowMs)
      case 'loading':
        return [reply(input)]
      case 'loaded':
        return this.#onLoaded(input.ready)
      case 'load-failed':
        return this.#fail(input.code)
      case 'run-failed':
        return this.#onRunFailed(input.request, input.code)
      case 'executor-died':
        return this.#fail('INFERENCE_EXECUTOR_DIED')
      case 'next-lost':
        return this.#onNextLost(input.epoch)
      case 'requester-lost':
        return this.#end()
      case 'leave':
        return [reply({ type: 'leaving', reason: input.reason, graceMs: input.graceMs })]
    }
  }

  deadlineMs(): number | undefined {
    return this.#over || this.#heardMs === undefined
      ? undefined
      : this.#heardMs + SESSION_SILENCE_MS_MAX
  }

  get #stage(): number {
    return this.#init.open.stage
  }

  get #next(): RouteStage | undefined {
    return this.#route[this.#stage + 1]
  }

  get #own(): RouteStage | undefined {
    return this.#init.open.route[this.#stage]
  }

  #onLoaded(ready: ReadyRecord): readonly StageOutput[] {
    this.#ready = ready
    const served = reply({ type: 'ready', record: ready })
    // Nobody knows a successor before the requester announces it: its attach might wait too long.
    return this.#own?.epoch === 0 ? [...this.#connectNext(), served] : [served]
  }

  #onControl(message: InferenceMessage, nowMs: number): readonly StageOutput[] {
    switch (message.type) {
      case 'ping':
        return [reply(this.#pong(nowMs))]
      case 'release':
        this.#release(message.request)
        return []
      case 'route':
        return this.#onRoute(message.route)
      case 'step':
        return this.#onStep(undefined, message, nowMs)
      case 'close':
        return this.#end()
      default:
        // The rest goes from stages to requesters; a requester that sends it is ignored.
        return []
    }
  }

  #pong(nowMs: number): InferenceMessage {
    const clockUs = Math.round(nowMs * 1000)
    return { type: 'pong', received: this.#received, done: this.#done, clockUs }
  }

  #onRoute(route: readonly RouteStage[]): readonly StageOutput[] {
    const own = route[this.#stage]
    if (route.length !== this.#route.length || own === undefined || !same(own, this.#own)) return []
    this.#route = route
    if (++this.#routes > ROUTES_MAX) return this.#fail('INFERENCE_OVERLOADED')
    if (this.#ready === undefined || this.#next === undefined) return []
    const connected = this.#connectedTo !== undefined && same(this.#next, this.#connectedTo)
    return connected ? [] : this.#connectNext()
  }

  /** Attaches to the next stage and replays what it may not have seen. */
  #connectNext(): readonly StageOutput[] {
    const next = this.#next
    this.#connectedTo = next
    if (next === undefined) return []
    const { session, stage } = this.#init.open
    const attach = { version: 1, session, stage, epoch: this.#own?.epoch ?? 0 }
    return [{ type: 'connect-next', to: next, attach }, ...this.#replay()]
  }

  #replay(): readonly StageOutput[] {
    const missing = [...this.#unkept].map((request) => fault('INFERENCE_JOURNAL_MISSING', request))
    const kept = [...this.#journal.values()].toSorted(
      (a, b) => a.message.request - b.message.request,
    )
    return [...kept.map(({ message }) => this.#send(message)), ...missing]
  }

  #onAttach({ from, link, record }: StageInput & { type: 'attach' }): readonly StageOutput[] {
    const before = this.#route[this.#stage - 1]
    const expected =
      before !== undefined &&
      record.stage === this.#stage - 1 &&
      record.epoch === before.epoch &&
      from === before.peer
    if (expected) this.#attached = { peer: from, link, epoch: record.epoch }
    return []
  }

  /** True when an attach by this peer and epoch is what the route says now. */
  expects(from: PeerId, record: AttachRecord): boolean {
    const before = this.#route[this.#stage - 1]
    return before?.peer === from && before.epoch === record.epoch
  }

  #onStep(link: number | undefined, step: TensorMessage, nowMs: number): readonly StageOutput[] {
    // Steps come from the requester at the first stage, and on the attached link at the others.
    const entitled = this.#stage === 0 ? link === undefined : link === this.#attached?.link
    if (!entitled || (this.#stage > 0 && link === undefined)) return []
    const { request } = step
    if (request < this.#released || this.#running.has(request)) return []
    const done = this.#journal.get(request)
    if (done !== undefined) return [this.#send(done.message)]
    const ahead = request >= this.#released + REQUESTS_AHEAD_MAX
    // A window that is replayed, and the next one, which overtook the release of the first.
    if (ahead || this.#running.size >= 2 * this.#init.open.inFlightMax) {
      return [fault('INFERENCE_OVERLOADED', request)]
    }
    this.#received++
    // More hops than stages would make the next one refuse what this one sends on.
    this.#running.set(request, { hops: step.hops.slice(0, this.#stage), arrivedMs: nowMs })
    this.#inputLeaves.set(request, leafOf(step.tensors, this.#init.sha256))
    const wire = this.#stage === 0 ? 'f32' : this.#init.open.wire
    return [{ type: 'run', request, tensors: fromWire(step.tensors, wire) }]
  }

  #onRan(ran: StageInput & { type: 'ran' }, nowMs: number): readonly StageOutput[] {
    const { request, tensors, queueUs, computeUs } = ran
    const running = this.#running.get(request)
    if (running === undefined) return []
    this.#running.delete(request)
    this.#done++
    const last = this.#next === undefined
    const travelling = last ? tensors : toWire(tensors, this.#init.open.wire)
    // On the wire it would end a link that other sessions use too.
    if (!fitsMessage(travelling)) return [fault('INFERENCE_MESSAGE_TOO_LARGE', request)]
    const leaf = leafOf(travelling, this.#init.sha256)
    this.#outputLeaves.set(request, leaf)
    this.#computeUs += computeUs
    const { hops, arrivedMs } = running
    const heldUs = Math.round((nowMs - arrivedMs) * 1000)
    const message: TensorMessage = {
      request,
      hops: [...hops, { arrivedMs, heldUs, queueUs, computeUs }],
      tensors: travelling,
      leaf: leaf.subarray(0, 8),
    }
    this.#keep(message)
    return [this.#send(message)]
  }

  #send(message: TensorMessage): StageOutput {
    return this.#next === undefined
      ? reply({ type: 'output', ...message })
      : { type: 'forward', message: { type: 'step', ...message } }
  }

  #keep(message: TensorMessage): void {
    if (message.request < this.#released) return
    const bytes = message.tensors.reduce((sum, tensor) => sum + tensor.data.length, 0)
    if (this.#journalBytes + bytes > this.#init.journalBytesMax) {
      this.#unkept.add(message.request)
      return
    }
    this.#unkept.delete(message.request)
    this.#journal.set(message.request, { message, bytes })
    this.#journalBytes += bytes
  }

  #release(request: number): void {
    this.#released = Math.max(this.#released, request)
    for (const [kept, entry] of this.#journal) {
      if (kept >= this.#released) continue
      this.#journal.delete(kept)
      this.#journalBytes -= entry.bytes
    }
    // A replayed request may have arrived by the old way meanwhile: nobody waits for it any more.
    for (const running of this.#running.keys()) {
      if (running < this.#released) this.#forget(running)
    }
    for (const unkept of this.#unkept) if (unkept < this.#released) this.#unkept.delete(unkept)
  }

  #onRunFailed(request: number, code: FaultCode): readonly StageOutput[] {
    if (!this.#running.has(request)) return []
    this.#forget(request)
    return [fault(code, request)]
  }

  #forget(request: number): void {
    this.#running.delete(request)
    this.#done++
  }

  #onNextLost(epoch: number): readonly StageOutput[] {
    // A late word about a next stage that has been replaced since says nothing new.
    if (this.#next?.epoch !== epoch) return []
    return [fault('INFERENCE_NEXT_UNREACHABLE', undefined, epoch)]
  }

  #fail(code: FaultCode): readonly StageOutput[] {
    return [fault(code, undefined), ...this.#end()]
  }

  #end(): readonly StageOutput[] {
    this.#over = true
    this.#journal.clear()
    const receipt = this.#receipt()
    return [receipt === undefined ? { type: 'end' } : { type: 'end', receipt }]
  }

  #receipt(): Receipt | undefined {
    // A stage that served and was asked nothing says so: its requester waits for every receipt.
    if (this.#ready === undefined) return undefined
    const { open, self, requester, sha256 } = this.#init
    return {
      version: 1,
      session: open.session,
      stage: open.stage,
      model: open.model,
      fromLayer: open.fromLayer,
      toLayer: open.toLayer,
      provider: self,
      requester,
      numericClass: this.#ready.numericClass,
      requests: this.#outputLeaves.size,
      inputRoot: rootOf(this.#inputLeaves, this.#outputLeaves, sha256),
      outputRoot: rootOf(this.#outputLeaves, this.#outputLeaves, sha256),
      computeUs: this.#computeUs,
    }
  }
}

/** SHA-256 over the receipt's signed bytes: what the other halves of a receipt will name. */
export function receiptHash(
  message: Uint8Array,
  signature: Uint8Array,
  sha256: Sha256,
): Uint8Array {
  return sha256(concatBytes([message, signature]))
}

function same(a: RouteStage, b: RouteStage | undefined): boolean {
  return a.peer === b?.peer && a.epoch === b.epoch
}

function reply(message: InferenceMessage): StageOutput {
  return { type: 'reply', message }
}

function fault(code: FaultCode, request?: number, nextEpoch?: number): StageOutput {
  return reply({ type: 'fault', record: { code, request, nextEpoch } })
}
