/**
 * An executor: one model in one child process, its queue of runs and their deadlines.
 *
 * @module
 */

import { BoundedQueue } from '../../core/bounded-queue.ts'
import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import { type Tensor, tensorMismatch, type TensorSpec } from '../../core/tensor.ts'
import { DRAWN_NAMES } from '../../protocols/inference/index.ts'
import { cacheParts, readRows, type SlotSpan, spanTensor, unfitPart } from './cache-message.ts'
import { Child, type ChildInit } from './child-process.ts'
import { RuntimeError, type RuntimeFailure } from './errors.ts'
import { endFailure, toldFailure } from './executor-failure.ts'
import {
  BEGIN_MESSAGE,
  type BeginMessage,
  END_MESSAGE,
  ERROR_MESSAGE,
  EXPORT_MESSAGE,
  LOAD_MESSAGE,
  type LoadMessage,
  READY_MESSAGE,
} from './executor-messages.ts'
import type {
  Executor,
  ExecutorExit,
  ExecutorRun,
  ExecutorSpec,
  StepsRun,
  TextStep,
  TokenBytes,
} from './executor-spec.ts'
import {
  controlFrame,
  type Frame,
  readTensors,
  tensorFrame,
  type WireTensor,
} from './executor-wire.ts'
import { FrameReader } from './frame-reader.ts'
import { FRAME_BYTES_MAX, RUNS_QUEUED_MAX, RUNS_SENT_MAX, TEXTS_TOGETHER_MAX } from './limits.ts'
import { joinedSteps, STEP_OUTPUTS, stepCommand, unfitStep } from './step-message.ts'
import { RunDeadline, type RunLimit } from './run-deadline.ts'
import { type TextGraph, textGraphOf } from './text-graph.ts'

/** A request that waits for its answer. */
interface Waiting {
  readonly id: number
  readonly pieces: readonly Uint8Array[]
  resolve(frame: Frame): void
  reject(error: Error): void
}

/** The request that comes first, and once. */
const LOAD_ID = 0

/** What `measure` tells of one output. */
export interface MeasuredOutput extends Omit<Tensor, 'data'> {}

export class ProcessExecutor implements Executor {
  readonly spec: ExecutorSpec
  readonly exited: Promise<ExecutorExit>
  readonly #child: Child
  readonly #reader = new FrameReader(FRAME_BYTES_MAX)
  /** Sent runs, the one that computes first; then those that wait in the daemon. */
  readonly #sent: Waiting[] = []
  readonly #queue = new BoundedQueue<Waiting>(RUNS_QUEUED_MAX)
  #inputs: readonly TensorSpec[] = []
  #outputs: readonly TensorSpec[] = []
  #inputIndex = new Map<string, number>()
  #graph: TextGraph = textGraphOf([], [])
  /** Names of the outputs that cross the cut behind, in the graph's order. */
  #crossing: readonly string[] = []
  #ortVersion = ''
  #nextId = 1
  readonly #deadline = new RunDeadline({
    pid: () => this.pid,
    over: (failure) => this.#abandon(failure),
  })
  #frozen = false
  #computedMs = 0
  /** Why nothing runs any more, once that is so. */
  #failure: RuntimeFailure | undefined

  /** Starts the process; {@link ProcessExecutor.load} must come next. */
  constructor(spec: ExecutorSpec, child: Omit<ChildInit, 'onBytes'>) {
    this.spec = spec
    this.#child = new Child({ ...child, onBytes: (chunk) => this.#onBytes(chunk) })
    this.exited = this.#child.exited
    void this.exited.then((exit) => this.#onExit(exit))
  }

  get pid(): number {
    return this.#child.pid
  }

  get inputs(): readonly TensorSpec[] {
    return this.#inputs
  }

  get outputs(): readonly TensorSpec[] {
    return this.#outputs
  }

  get ortVersion(): string {
    return this.#ortVersion
  }

  /** Loads the model. The process is gone when it rejects. */
  async load(optimisedFile?: string): Promise<void> {
    const { file, provider, optimise, loadMsMax } = this.spec
    const message: LoadMessage = { file, provider, optimise, optimisedFile }
    const piece = controlFrame('load', LOAD_ID, encodeShape(LOAD_MESSAGE, message))
    try {
      const frame = await this.#ask(LOAD_ID, [piece], {
        limitMs: loadMsMax,
        failure: { code: 'RUNTIME_LOAD_TIMEOUT', limitMs: loadMsMax },
      })
      this.#onReady(frame)
    } catch (error) {
      this.kill()
      await this.exited
      throw error
    }
  }

  async run(inputs: readonly Tensor[]): Promise<ExecutorRun> {
    const frame = await this.#submit('run', inputs)
    const tensors = this.#outputTensors(frame)
    return {
      outputs: tensors.map(({ index, type, dims, data }) => ({
        name: this.#outputs[index]?.name ?? '',
        type,
        dims,
        data,
      })),
      computeUs: frame.computeUs,
    }
  }

  /** Runs once like {@link ProcessExecutor.run}, and answers with the shapes of the outputs only. */
  async measure(
    inputs: readonly Tensor[],
  ): Promise<{ readonly values: readonly MeasuredOutput[]; readonly computeUs: number }> {
    const frame = await this.#submit('measure', inputs)
    const values = this.#outputTensors(frame).map(({ index, type, dims }) => ({
      name: this.#outputs[index]?.name ?? '',
      type,
      dims,
    }))
    return { values, computeUs: frame.computeUs }
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill()
  }

  /** Time inside onnxruntime so far. */
  get computedMs(): number {
    return this.#computedMs
  }

  get frozen(): boolean {
    return this.#frozen
  }

  freeze(): boolean {
    if (this.#frozen) return true
    this.#frozen = this.#failure === undefined && this.#child.freeze()
    // Time that it was not given does not count against a run.
    if (this.#frozen) this.#deadline.end()
    return this.#frozen
  }

  thaw(): void {
    if (!this.#frozen) return
    this.#frozen = false
    this.#child.thaw()
    if (this.#failure === undefined) this.#arm()
  }

  async stop(): Promise<void> {
    // Asking politely is no use while a run blocks the process, or while it hears nothing.
    if (this.#sent.length > 0 || this.#frozen) this.#child.kill()
    await this.#child.stop()
  }

  async learnTokens({ bytes, offsets }: TokenBytes): Promise<void> {
    const data = new Uint8Array(offsets.buffer, offsets.byteOffset, offsets.byteLength)
    const id = this.#id()
    const pieces = tensorFrame({ kind: 'vocabulary', id, computeUs: 0 }, [
      { index: 0, type: 'uint8', dims: [bytes.length], data: bytes },
      { index: 1, type: 'uint32', dims: [offsets.length], data },
    ])
    this.#settled(await this.#ask(id, pieces))
  }

  async begin(text: BeginMessage): Promise<void> {
    await this.#settle('begin', encodeShape(BEGIN_MESSAGE, { after: undefined, ...text }))
  }

  async end(slot: number, keptRows?: number): Promise<void> {
    await this.#settle('end', encodeShape(END_MESSAGE, { slot, keptRows }))
  }

  get textsMax(): number {
    return this.#graph.several ? TEXTS_TOGETHER_MAX : 1
  }

  async step(step: TextStep): Promise<ExecutorRun> {
    const { outputs, computeUs } = await this.steps([step])
    return { outputs: outputs[0] ?? [], computeUs }
  }

  async steps(steps: readonly TextStep[]): Promise<StepsRun> {
    for (const { tensors } of steps) this.#wireTensors(tensors, this.#graph.local)
    const unfit = unfitStep(steps)
    if (unfit !== undefined) throw invalid(unfit.tensor, unfit.detail)
    const id = this.#id()
    const crossing = this.#wireTensors(joinedSteps(steps), this.#graph.local)
    const header = { kind: 'step', id, computeUs: 0 } as const
    const frame = await this.#ask(id, tensorFrame(header, [...crossing, stepCommand(steps)]))
    return { outputs: this.#stepOutputs(frame, steps.length), computeUs: frame.computeUs }
  }

  async exportRows(span: SlotSpan): Promise<readonly Tensor[]> {
    const id = this.#id()
    const piece = controlFrame('export', id, encodeShape(EXPORT_MESSAGE, span))
    const frame = await this.#ask(id, [piece])
    const rows = readRows(frame, cacheParts(this.#graph, span.to - span.from))
    if (typeof rows === 'string') throw this.#faulty(rows)
    return rows
  }

  async importRows(span: SlotSpan, tensors: readonly Tensor[]): Promise<void> {
    const unfit = unfitPart(cacheParts(this.#graph, span.to - span.from), tensors)
    if (unfit !== undefined) throw invalid(unfit.tensor, unfit.detail)
    const id = this.#id()
    const rows = tensors.map(({ type, dims, data }, index) => ({ index, type, dims, data }))
    const header = { kind: 'import', id, computeUs: 0 } as const
    this.#settled(await this.#ask(id, tensorFrame(header, [...rows, spanTensor(span)])))
  }

  async #settle(kind: 'begin' | 'end', body: Uint8Array): Promise<void> {
    const id = this.#id()
    this.#settled(await this.#ask(id, [controlFrame(kind, id, body)]))
  }

  #settled({ kind }: Frame): void {
    if (kind !== 'settled') throw this.#faulty(`expected settled, got ${kind}`)
  }

  #id(): number {
    const id = this.#nextId
    this.#nextId = (this.#nextId % 0xffff_ffff) + 1
    return id
  }

  /** Of each of `count` texts, what crosses the cut behind, or what was drawn. */
  #stepOutputs(frame: Frame, count: number): readonly (readonly Tensor[])[] {
    const tensors = frame.kind === 'result' ? readTensors(frame) : `got ${frame.kind}`
    if (typeof tensors === 'string') throw this.#faulty(tensors)
    const { draws, pools } = this.#graph
    const names = draws || pools ? DRAWN_NAMES : this.#crossing
    const outputs = Array.from({ length: count }, (): Tensor[] => [])
    for (const { index, type, dims, data } of tensors) {
      const name = names[index % STEP_OUTPUTS]
      const own = outputs[Math.floor(index / STEP_OUTPUTS)]
      if (name === undefined || own === undefined) {
        throw this.#faulty(`an output ${index} that there is not`)
      }
      own.push({ name, type, dims, data })
    }
    return outputs
  }

  #submit(kind: 'run' | 'measure', inputs: readonly Tensor[]): Promise<Frame> {
    const tensors = this.#wireTensors(inputs)
    const id = this.#id()
    return this.#ask(id, tensorFrame({ kind, id, computeUs: 0 }, tensors))
  }

  /** @param local - Inputs that the executor fills itself. */
  #wireTensors(inputs: readonly Tensor[], local?: ReadonlySet<string>): WireTensor[] {
    const seen = new Set<string>()
    const tensors = inputs.map((tensor) => {
      const index = this.#inputIndex.get(tensor.name)
      const spec = index === undefined ? undefined : this.#inputs[index]
      if (index === undefined || spec === undefined) {
        const names = this.#inputs.map(({ name }) => name).join(', ')
        throw invalid(tensor.name, `expected one of ${names}, got ${tensor.name}`)
      }
      const mismatch = tensorMismatch(tensor, spec)
      if (mismatch !== undefined) throw invalid(tensor.name, mismatch)
      if (seen.has(tensor.name)) throw invalid(tensor.name, 'expected it once, got it twice')
      seen.add(tensor.name)
      return { index, type: tensor.type, dims: tensor.dims, data: tensor.data }
    })
    const missing = this.#inputs.find(({ name }) => !seen.has(name) && local?.has(name) !== true)
    if (missing !== undefined) throw invalid(missing.name, 'expected a tensor, got none')
    return tensors
  }

  #ask(id: number, pieces: readonly Uint8Array[], limit = this.#runLimit): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(new RuntimeError(this.#failure))
        return
      }
      const waiting: Waiting = { id, pieces, resolve, reject }
      if (this.#sent.length < RUNS_SENT_MAX) this.#send(waiting, limit)
      else if (!this.#queue.push(waiting)) {
        reject(new RuntimeError({ code: 'RUNTIME_QUEUE_FULL', limit: RUNS_QUEUED_MAX }))
      }
    })
  }

  get #runLimit(): RunLimit {
    const limitMs = this.spec.runMsMax
    return { limitMs, failure: { code: 'RUNTIME_RUN_TIMEOUT', limitMs } }
  }

  #send(waiting: Waiting, limit = this.#runLimit): void {
    this.#sent.push(waiting)
    this.#child.write(waiting.pieces)
    if (this.#sent.length === 1) this.#arm(limit)
  }

  /** The deadline is always that of the run that computes. */
  #arm(limit = this.#runLimit): void {
    this.#deadline.end()
    if (this.#sent.length === 0 || this.#frozen) return
    const isWatched = this.#sent[0]?.id !== LOAD_ID && this.spec.provider === 'cpu'
    this.#deadline.begin(limit, isWatched)
  }

  #onBytes(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return
    const frames = this.#reader.push(chunk)
    if (typeof frames === 'string') {
      this.#abandon({ code: 'RUNTIME_EXECUTOR_FAULTY', detail: frames })
      return
    }
    for (const frame of frames) this.#onFrame(frame)
  }

  #onFrame(frame: Frame): void {
    const waiting = this.#sent[0]
    if (waiting === undefined || waiting.id !== frame.id) {
      this.#abandon({ code: 'RUNTIME_EXECUTOR_FAULTY', detail: 'an answer that nobody asked for' })
      return
    }
    this.#sent.shift()
    this.#computedMs += frame.computeUs / 1000
    const next = this.#queue.shift()
    if (next !== undefined) this.#send(next)
    this.#arm()
    if (frame.kind === 'error') waiting.reject(this.#errorOf(frame))
    else waiting.resolve(frame)
  }

  #onReady(frame: Frame): void {
    const message = frame.kind === 'ready' ? decodeShape(READY_MESSAGE, frame.body) : undefined
    if (message?.type !== 'value') {
      throw this.#faulty('expected a ready message')
    }
    this.#inputs = message.value.inputs
    this.#outputs = message.value.outputs
    this.#ortVersion = message.value.ortVersion
    this.#graph = textGraphOf(this.#inputs, this.#outputs)
    const names = this.#outputs.map(({ name }) => name)
    this.#crossing = names.filter((name) => !this.#graph.kept.has(name))
    this.#inputIndex = new Map(this.#inputs.map(({ name }, index) => [name, index]))
  }

  #outputTensors(frame: Frame): readonly WireTensor[] {
    if (frame.kind !== 'result' && frame.kind !== 'shapes') {
      throw this.#faulty(`expected a result, got ${frame.kind}`)
    }
    const tensors = readTensors(frame)
    if (typeof tensors === 'string') throw this.#faulty(tensors)
    const complete =
      tensors.length === this.#outputs.length && tensors.every(({ index }, at) => index === at)
    if (!complete) throw this.#faulty(`expected ${this.#outputs.length} outputs in order`)
    return tensors
  }

  #faulty(detail: string): RuntimeError {
    const failure: RuntimeFailure = { code: 'RUNTIME_EXECUTOR_FAULTY', detail }
    this.#abandon(failure)
    return new RuntimeError(failure)
  }

  #errorOf(frame: Frame): RuntimeError {
    const message = decodeShape(ERROR_MESSAGE, frame.body)
    if (message.type === 'refused') return this.#faulty(message.reason)
    return new RuntimeError(toldFailure(this.spec, message.value))
  }

  /** Kills the process: the run that computes fails for `failure`, the others because it died. */
  #abandon(failure: RuntimeFailure): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#child.kill()
    this.#sent.shift()?.reject(new RuntimeError(failure))
  }

  #onExit({ code, signal, stderrTail }: ExecutorExit): void {
    this.#deadline.end()
    const failure = endFailure(this.spec, { code, signal, stderrTail }, this.pid)
    this.#failure = failure
    const left = this.#sent.splice(0)
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) left.push(next)
    for (const waiting of left) waiting.reject(new RuntimeError(failure))
  }
}

function invalid(tensor: string, detail: string): RuntimeError {
  return new RuntimeError({ code: 'RUNTIME_INPUT_INVALID', tensor, detail })
}
