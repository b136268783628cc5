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
import { FreeRun } from './free-run.ts'
import { REQUESTS_AHEAD_MAX, SESSION_SILENCE_MS_MAX } from './limits.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import type { AttachRecord, ReadyRecord, Receipt } from './records.ts'
import { leafOf } from './receipt-roots.ts'
import { complaint, fault, reply } from './stage-replies.ts'
import type { StageInit, StageInput, StageOutput } from './stage-types.ts'
import { StageCopies, type CopyInput } from './stage-copies.ts'
import { StageTally } from './stage-tally.ts'
import { StageWays } from './stage-ways.ts'
import { isUsable } from './cut-check.ts'
import { Journal } from './journal.ts'
import { TextOrder } from './text-order.ts'
import { drawnOf, rowsOf, rowsTensor, stepTensors, type TextRows } from './text-rows.ts'
import { areFinite, fromWire, toWire, wiresAt } from './wire-type.ts'
import { fitsMessage, type Hop } from './tensor-table.ts'

interface Running {
  readonly hops: readonly Hop[]
  readonly arrivedMs: number
  readonly rows: TextRows | undefined
  /** Since which epoch the stage before is held by whoever sent it; undefined at the first stage. */
  readonly beforeEpoch: number | undefined
}

/** A leaf that says nothing. */
const NO_LEAF = new Uint8Array(8)

const COPY_INPUTS: ReadonlySet<StageInput['type'] | 'time-passed'> = new Set<CopyInput['type']>([
  'kept',
  'cache',
  'exported',
  'export-failed',
  'imported',
  'import-failed',
  'copy-answer',
  'copy-lost',
])

export class StageMachine implements Machine<StageInput, StageOutput> {
  readonly #init: StageInit
  #ready: ReadyRecord | undefined
  #over = false
  #reached = 0
  /** Requests on their way through the executor, with what they came with. */
  readonly #running = new Map<number, Running>()
  readonly #journal: Journal
  readonly #ways: StageWays
  /** Of a text only. */
  readonly #order: TextOrder | undefined
  /** At the first stage of a text only. */
  readonly #free: FreeRun | undefined
  readonly #copies: StageCopies
  #received = 0
  #done = 0
  #heardMs: number | undefined
  readonly #tally: StageTally

  constructor(init: StageInit) {
    this.#init = init
    const { stage, text } = init.open
    const keepsReleased = text !== undefined
    this.#journal = new Journal({ bytesMax: init.journalBytesMax, keepsReleased })
    this.#ways = new StageWays(init.open, this.#journal)
    this.#tally = new StageTally(init)
    this.#copies = new StageCopies(init, this.#journal)
    if (text === undefined) return
    const { positionsMax, gives } = text
    const { stopTokens } = text.sampling
    this.#order = new TextOrder(positionsMax)
    const free = stage === 0 && gives === 'tokens'
    this.#free = free ? new FreeRun({ stopTokens, positionsMax }) : undefined
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
    if (isOfCopy(input)) return this.#onCopy(input)
    return input.type === 'step' || input.type === 'drawn' || input.type === 'attach'
      ? this.#onPeer(input, nowMs)
      : this.#onOwn(input, nowMs)
  }

  /** What the stage before says, the last one to the first, or the holder before this one. */
  #onPeer(
    input: StageInput & { type: 'step' | 'drawn' | 'attach' },
    nowMs: number,
  ): readonly StageOutput[] {
    switch (input.type) {
      case 'step':
        return this.#onStep(input.link, input.step, nowMs)
      case 'drawn':
        return input.link === this.#ways.link ? this.#onDrawn(input.drawn, nowMs) : []
      case 'attach':
        this.#ways.attach(input)
        this.#copies.attach(input)
        return []
    }
  }

  /** What this device's own driver says. */
  #onOwn(
    input: Exclude<StageInput, CopyInput | { type: 'control' | 'step' | 'drawn' | 'attach' }>,
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
        return this.#ways.lost(input.epoch)
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

  /** Since which epoch the stage before is held by whoever attached; undefined at the first stage. */
  get #beforeEpoch(): number | undefined {
    return this.#stage === 0 ? undefined : this.#ways.beforeEpoch
  }

  get #stage(): number {
    return this.#init.open.stage
  }

  #onLoaded(ready: ReadyRecord): readonly StageOutput[] {
    this.#ready = ready
    return [...this.#orFail(this.#ways.serve()), reply({ type: 'ready', record: ready })]
  }

  #orFail(outputs: readonly StageOutput[] | FaultCode): readonly StageOutput[] {
    return typeof outputs === 'string' ? this.#fail(outputs) : outputs
  }

  #onControl(message: InferenceMessage, nowMs: number): readonly StageOutput[] {
    switch (message.type) {
      case 'ping':
        return [reply(this.#pong(nowMs))]
      case 'release':
        this.#release(message.request)
        return []
      case 'route':
        return this.#orFail(this.#ways.reroute(message))
      case 'step':
        return this.#onStep(undefined, message, nowMs)
      case 'free':
        this.#free?.grant(message.request)
        return this.#onward(nowMs)
      case 'copy':
        return this.#copies.order(message.record, {
          latest: this.#order?.latest,
          running: this.#running.keys(),
          rowBytes: this.#ready?.keptRowBytes,
        })
      case 'close':
        return this.#end()
      default:
        // The rest goes from stages to requesters; a requester that sends it is ignored.
        return []
    }
  }

  #onCopy(input: CopyInput): readonly StageOutput[] {
    const outputs = this.#copies.handle(input)
    const point = this.#copies.takeCopied()
    if (point === undefined) return outputs
    this.#order?.resume(point)
    this.#reached = Math.max(this.#reached, point.request)
    return outputs
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

  /** True when an attach by this peer, stage and epoch is what the route says now. */
  expects(from: PeerId, record: AttachRecord): boolean {
    return this.#ways.expects(from, record) || this.#copies.expects(from, record)
  }

  /** The last stage drew behind a step: the ring may go on without a word of the requester. */
  #onDrawn({ request, tensors }: TensorMessage, nowMs: number): readonly StageOutput[] {
    const drawn = this.#free === undefined ? undefined : drawnOf(tensors)
    if (drawn === undefined) return []
    this.#free?.drew(request, drawn)
    return this.#onward(nowMs)
  }

  /** Makes the step that follows, when it is this stage's to make. */
  #onward(nowMs: number): readonly StageOutput[] {
    const step = this.#free?.next()
    if (step === undefined) return []
    const { request, rows } = step
    return this.#admit({ request, hops: [], tensors: stepTensors(rows), leaf: NO_LEAF }, nowMs)
  }

  #onStep(link: number | undefined, step: TensorMessage, nowMs: number): readonly StageOutput[] {
    // Steps come from the requester at the first stage, and on the attached link at the others.
    const entitled = this.#stage === 0 ? link === undefined : link === this.#ways.link
    if (!entitled || (this.#stage > 0 && link === undefined)) return []
    // Before the journal is looked into: it may hold half of a copy.
    return [...this.#copies.fed(), ...this.#admit(step, nowMs)]
  }

  /** A stage does not run what it cannot use, and stays as it is: who is before it is replaced. */
  #complain(request: number, epoch = this.#beforeEpoch): readonly StageOutput[] {
    if (epoch === undefined) return [fault('INFERENCE_INPUT_INVALID', request)]
    this.#ways.forsake(epoch)
    return [complaint(epoch, request)]
  }

  #admit(step: TensorMessage, nowMs: number): readonly StageOutput[] {
    const { request, tensors } = step
    if (this.#running.has(request)) return []
    const done = this.#journal.get(request)
    // Of a text, what was released is kept for others than the requester.
    if (done !== undefined) return request < this.#journal.released ? [] : this.#ways.send(done)
    const leaf = leafOf(tensors, this.#init.sha256)
    const refused = this.#refuse(step, leaf)
    if (refused !== undefined) return refused
    this.#received++
    const rows = this.#order === undefined ? undefined : rowsOf(tensors)
    const copy = rows === undefined ? [] : this.#copies.wentBack(rows.position)
    // More hops than stages would make the next one refuse what this one sends on.
    const hops = step.hops.slice(0, this.#stage)
    this.#running.set(request, { hops, arrivedMs: nowMs, rows, beforeEpoch: this.#beforeEpoch })
    this.#tally.took(request, tensors, leaf)
    if (rows !== undefined) this.#free?.took(request, rows)
    return [...copy, this.#runOf(request, tensors, rows), ...this.#onward(nowMs)]
  }

  #runOf(request: number, sent: readonly Tensor[], rows: TextRows | undefined): StageOutput {
    const tensors = fromWire(sent, wiresAt(this.#init.open).arriving)
    // What its requester has is computed for what follows, and not drawn again.
    const silent = rows !== undefined && request < this.#journal.released
    const asked = silent ? { ...rows, drawFrom: rows.tokens.length } : rows
    return { type: 'run', request, tensors, rows: asked }
  }

  /** What is answered instead of running a step; undefined to run it. */
  #refuse(step: TensorMessage, leaf: Uint8Array): readonly StageOutput[] | undefined {
    const isText = this.#order !== undefined
    if (this.#stage > 0 && !isUsable(step, leaf, isText)) return this.#complain(step.request)
    return isText ? this.#defer(step) : this.#crowd(step.request)
  }

  /** Of a session without a state: what is done already, or too much. */
  #crowd(request: number): readonly StageOutput[] | undefined {
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
        // Who sends on a new way sends all again, in order. What got lost here is nobody else's fault.
        return this.#stage === 0 || this.#ways.isLossy
          ? this.#fail('INFERENCE_JOURNAL_MISSING')
          : this.#complain(request)
      default:
        return this.#complain(request)
    }
  }

  #onRan(ran: StageInput & { type: 'ran' }, nowMs: number): readonly StageOutput[] {
    const { request, tensors, queueUs, computeUs, ownUs = computeUs } = ran
    const running = this.#running.get(request)
    if (running === undefined) return []
    this.#running.delete(request)
    this.#done++
    this.#reached = Math.max(this.#reached, request + 1)
    const { hops, arrivedMs, rows } = running
    const travelling = this.#ways.isLast
      ? tensors
      : [
          ...toWire(tensors, wiresAt(this.#init.open).leaving),
          ...(rows === undefined ? [] : [rowsTensor(rows)]),
        ]
    // Rounding makes infinities of what is too large: that is this stage's own.
    const isSpoilt = rows !== undefined && !this.#ways.isLast && !areFinite(travelling)
    if (isSpoilt) return this.#fail('INFERENCE_RUN_FAILED')
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
    const passed = [...this.#alone(message, nowMs), ...this.#ways.pass(message)]
    return [...passed, ...this.#copies.ran(this.#running.keys())]
  }

  /** A text in one stage: what it draws needs no way home. */
  #alone(message: TensorMessage, nowMs: number): readonly StageOutput[] {
    return this.#ways.isLast ? this.#onDrawn(message, nowMs) : []
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
    const running = this.#running.get(request)
    if (running === undefined) return []
    this.#forget(request)
    if (code === 'INFERENCE_CUT_INVALID') return this.#giveBack(request, running)
    // A text that lacks a step is of no use: the stage is rebuilt elsewhere.
    return this.#order === undefined ? [fault(code, request)] : this.#fail(code)
  }

  /** A step turned out to be of no use before it changed anything: the text goes on from it. */
  #giveBack(request: number, { rows, beforeEpoch }: Running): readonly StageOutput[] {
    if (rows !== undefined) {
      for (const later of this.#running.keys()) if (later > request) this.#forget(later)
      this.#order?.resume({ request, position: rows.position })
    }
    return this.#complain(request, beforeEpoch)
  }

  #forget(request: number): void {
    this.#running.delete(request)
    this.#done++
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
    if (this.#ready === undefined) return undefined
    const below = this.#order === undefined ? Infinity : this.#journal.released
    return this.#tally.receipt(this.#ready.numericClass, below)
  }
}

function isOfCopy(input: StageInput): input is CopyInput {
  return COPY_INPUTS.has(input.type)
}
