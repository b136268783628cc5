/**
 * One stage of one session, at the device that holds it.
 *
 *     loading   loaded → serving            load-failed → over
 *     serving   step → run → ran → send on, and keep it in the journal
 *     over      nothing; the driver has been told to drop everything
 *
 * The journal holds every output that the requester has not released, and of a
 * text all of them. When the next stage is replaced, it is what the replacement is
 * rebuilt from; and a step that arrives twice is answered from it instead of being
 * computed again, so a replay from further up is harmless.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { FaultCode } from './faults.ts'
import { REQUESTS_AHEAD_MAX, ROUTES_MAX, SESSION_SILENCE_MS_MAX } from './limits.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import type { AttachRecord, ReadyRecord, Receipt, RouteStage } from './records.ts'
import type { StageInit, StageInput, StageOutput } from './stage-types.ts'
import { StageTally } from './stage-tally.ts'
import { Journal } from './journal.ts'
import { TextOrder } from './text-order.ts'
import { rowsOf, rowsTensor, type TextRows } from './text-rows.ts'
import { fromWire, toWire } from './wire-type.ts'
import { fitsMessage, type Hop } from './tensor-table.ts'

interface Running {
  readonly hops: readonly Hop[]
  readonly arrivedMs: number
  readonly rows: TextRows | undefined
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
  #shadow: RouteStage | undefined
  /** Stages that need nothing of what was released: see the route. */
  #fed = 0
  #reached = 0
  /** Requests on their way through the executor, with what they came with. */
  readonly #running = new Map<number, Running>()
  readonly #journal: Journal
  /** Of a text only. */
  readonly #order: TextOrder | undefined
  #routes = 0
  #received = 0
  #done = 0
  #heardMs: number | undefined
  readonly #tally: StageTally

  constructor(init: StageInit) {
    this.#init = init
    const { route, text } = init.open
    this.#route = route
    const keepsReleased = text !== undefined
    this.#journal = new Journal({ bytesMax: init.journalBytesMax, keepsReleased })
    this.#tally = new StageTally(init)
    this.#order = text === undefined ? undefined : new TextOrder(text.positionsMax)
  }

  /** False when a request that waits for the executor is not worth running any more. */
  wants(request: number): boolean {
    return !this.#over && this.#running.has(request)
  }

  /** SHA-256 over the leaves of all outputs so far, as a receipt would have it. */
  outputRoot(): Uint8Array {
    return this.#tally.outputRoot()
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
      case 'unsettled':
        return this.#fail('INFERENCE_UNSETTLED')
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
        return this.#onRoute(message)
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
    return {
      type: 'pong',
      received: this.#received,
      done: this.#done,
      reached: this.#reached,
      clockUs,
    }
  }

  #onRoute(message: InferenceMessage & { type: 'route' }): readonly StageOutput[] {
    const { route, fed, shadow } = message
    const own = route[this.#stage]
    if (route.length !== this.#route.length || own === undefined || !same(own, this.#own)) return []
    this.#route = route
    this.#fed = fed
    if (++this.#routes > ROUTES_MAX) return this.#fail('INFERENCE_OVERLOADED')
    if (this.#ready === undefined || this.#next === undefined) return []
    const connected = this.#connectedTo !== undefined && same(this.#next, this.#connectedTo)
    const way = connected ? [] : this.#connectNext()
    return shadow?.stage === this.#stage + 1 ? [...way, ...this.#connectShadow(shadow)] : way
  }

  /** Attaches to the next stage and replays what it may not have seen. */
  #connectNext(): readonly StageOutput[] {
    const next = this.#next
    this.#connectedTo = next
    if (next === undefined) return []
    const shadow = this.#shadow
    this.#shadow = undefined
    // It has been fed all along.
    if (shadow !== undefined && same(next, shadow)) return [{ type: 'promote-shadow' }]
    return [{ type: 'connect-next', to: next, attach: this.#attach }, ...this.#replay()]
  }

  /** Feeds a successor of the next stage all that was, and from now on all that comes. */
  #connectShadow({ peer, epoch }: RouteStage): readonly StageOutput[] {
    const to = { peer, epoch }
    if (this.#order === undefined || (this.#shadow !== undefined && same(to, this.#shadow)))
      return []
    this.#shadow = to
    const steps = this.#journal.messages.map((message) => forward('shadow', message))
    return [{ type: 'connect-shadow', to, attach: this.#attach }, ...steps]
  }

  get #attach(): AttachRecord {
    const { session, stage } = this.#init.open
    return { version: 1, session, stage, epoch: this.#own?.epoch ?? 0 }
  }

  /** True when the next stage needs nothing of what was released. */
  get #nextIsFed(): boolean {
    return ((this.#fed >> (this.#stage + 1)) & 1) === 1
  }

  #replay(): readonly StageOutput[] {
    const { messages, missing } = this.#journal
    // A text with a hole cannot be rebuilt from here: this stage has to be rebuilt itself.
    if (this.#order !== undefined && missing.length > 0) {
      return this.#fail('INFERENCE_JOURNAL_MISSING')
    }
    const faults = missing.map((request) => fault('INFERENCE_JOURNAL_MISSING', request))
    const { released } = this.#journal
    const missed = this.#nextIsFed
      ? messages.filter(({ request }) => request >= released)
      : messages
    return [...missed.map((message) => this.#send(message)), ...faults]
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
    const { request, tensors } = step
    if (this.#running.has(request)) return []
    const done = this.#journal.get(request)
    // Of a text, what was released is kept for others than the requester.
    if (done !== undefined) return request < this.#journal.released ? [] : [this.#send(done)]
    const refused = this.#order === undefined ? this.#refuse(request) : this.#defer(step)
    if (refused !== undefined) return refused
    this.#received++
    const rows = this.#order === undefined ? undefined : rowsOf(tensors)
    // More hops than stages would make the next one refuse what this one sends on.
    const hops = step.hops.slice(0, this.#stage)
    this.#running.set(request, { hops, arrivedMs: nowMs, rows })
    this.#tally.took(request, tensors)
    return [this.#runOf(request, tensors, rows)]
  }

  #runOf(request: number, sent: readonly Tensor[], rows: TextRows | undefined): StageOutput {
    const tensors = fromWire(sent, this.#stage === 0 ? 'f32' : this.#init.open.wire)
    // What its requester has is computed for what follows, and not drawn again.
    const silent = rows !== undefined && request < this.#journal.released
    const asked = silent ? { ...rows, drawFrom: rows.tokens.length } : rows
    return { type: 'run', request, tensors, rows: asked }
  }

  /** What is answered instead of running a step of a session without a state; undefined to run it. */
  #refuse(request: number): readonly StageOutput[] | undefined {
    const { released } = this.#journal
    if (request < released) return []
    const ahead = request >= released + REQUESTS_AHEAD_MAX
    // A window that is replayed, and the next one, which overtook the release of the first.
    return ahead || this.#running.size >= 2 * this.#init.open.inFlightMax
      ? [fault('INFERENCE_OVERLOADED', request)]
      : undefined
  }

  /** The same for a step of a text: that it fits into its room bounds what may wait here. */
  #defer({ request, tensors }: TensorMessage): readonly StageOutput[] | undefined {
    const rows = rowsOf(tensors)
    const verdict = rows === undefined ? undefined : this.#order?.admit(request, rows)
    switch (verdict) {
      case 'run':
        return undefined
      case 'repeated':
        return []
      case 'gap':
        return this.#fail('INFERENCE_JOURNAL_MISSING')
      default:
        return [fault('INFERENCE_INPUT_INVALID', request)]
    }
  }

  #onRan(ran: StageInput & { type: 'ran' }, nowMs: number): readonly StageOutput[] {
    const { request, tensors, queueUs, computeUs, ownUs = computeUs } = ran
    const running = this.#running.get(request)
    if (running === undefined) return []
    this.#running.delete(request)
    this.#done++
    this.#reached = Math.max(this.#reached, request + 1)
    const last = this.#next === undefined
    const { hops, arrivedMs, rows } = running
    const travelling = last
      ? tensors
      : [
          ...toWire(tensors, this.#init.open.wire),
          ...(rows === undefined ? [] : [rowsTensor(rows)]),
        ]
    // On the wire it would end a link that other sessions use too.
    if (!fitsMessage(travelling)) return [fault('INFERENCE_MESSAGE_TOO_LARGE', request)]
    const leaf = this.#tally.gave(request, travelling, ownUs)
    const heldUs = Math.round((nowMs - arrivedMs) * 1000)
    const message: TensorMessage = {
      request,
      hops: [...hops, { arrivedMs, heldUs, queueUs, computeUs }],
      tensors: travelling,
      leaf: leaf.subarray(0, 8),
    }
    if (rows !== undefined) this.#journal.truncate(rows.position)
    this.#journal.keep(message)
    return this.#pass(message)
  }

  /** Hands an output on to whoever lacks it. */
  #pass(message: TensorMessage): readonly StageOutput[] {
    const known = message.request < this.#journal.released
    const last = this.#next === undefined
    const sent = known && (last || this.#nextIsFed) ? [] : [this.#send(message)]
    return this.#shadow === undefined ? sent : [...sent, forward('shadow', message)]
  }

  #send(message: TensorMessage): StageOutput {
    return this.#next === undefined
      ? reply({ type: 'output', ...message })
      : forward('next', message)
  }

  #release(request: number): void {
    this.#journal.release(request)
    if (this.#order !== undefined) return
    // A replayed request may have arrived by the old way meanwhile: nobody waits for it any more.
    for (const running of this.#running.keys()) {
      if (running < this.#journal.released) this.#forget(running)
    }
  }

  #onRunFailed(request: number, code: FaultCode): readonly StageOutput[] {
    if (!this.#running.has(request)) return []
    this.#forget(request)
    // A text that lacks a step is of no use: the stage is rebuilt elsewhere.
    return this.#order === undefined ? [fault(code, request)] : this.#fail(code)
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

  /** A stage that served and was asked nothing says so: its requester waits for every receipt. */
  #receipt(): Receipt | undefined {
    return this.#ready === undefined ? undefined : this.#tally.receipt(this.#ready.numericClass)
  }
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

function forward(to: 'next' | 'shadow', message: TensorMessage): StageOutput {
  return { type: 'forward', to, message: { type: 'step', ...message } }
}
