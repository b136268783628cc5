/**
 * Everything that runs models on this device, each in a process of its own.
 *
 * The daemon itself never loads onnxruntime: a run blocks its thread, nothing but the end of a
 * process cancels one, and a hostile model must cost its own process only.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Tensor, TensorSpec } from '../../core/tensor.ts'
import { decodeShape } from '../../core/cbor-shape.ts'
import { lowerSession } from './background-class.ts'
import type { ChildInit } from './child-process.ts'
import { RuntimeError } from './errors.ts'
import { type SurveyedMessage, SURVEYED_MESSAGE } from './executor-messages.ts'
import type { ExecutorGroup } from './executor-group.ts'
import type { Executor, ExecutorSpec } from './executor-spec.ts'
import { controlFrame } from './executor-wire.ts'
import { executorBackground, measureIsolation } from './isolation-test.ts'
import {
  childEnvironment,
  detectWrappers,
  launchCommand,
  NO_WRAPPERS,
  type ProcessPriority,
  siblingEntry,
  type Wrappers,
} from './launcher.ts'
import { askOnce } from './one-shot.ts'
import { type MeasuredOutput, ProcessExecutor } from './process-executor.ts'
import type { ProviderReport } from './provider.ts'
import { providerReports } from './provider-reports.ts'
import { type GemmSpeed, measureGemm } from './gemm.ts'
import { selfTest, type SelfTest, type SelfTestInit } from './self-test.ts'
import { askGpu, type GpuAnswer, type GpuQuestion } from './gpu.ts'
import { WindowsFreezer } from './windows-freezer.ts'

export interface RuntimeComponents {
  readonly logger: Logger
  readonly clock: Clock
}

export interface RuntimeInit {
  /** Scheduling class of executors. */
  readonly priority: ProcessPriority
  /** Executors that may live at once, one-shot ones included. */
  readonly executorsMax: number
  /** Memory, load time and run time of one-shot executors (optimise and inspect). */
  readonly toolMemoryBytesMax: number
  readonly toolMsMax: number
  /** Where Node may keep compiled modules of children, which halves their start; nowhere when absent. */
  readonly cacheDir?: string
  /** A module beside those that children run. Default: this one. */
  readonly programs?: URL
  /** The control group that children join, where there is one. */
  readonly group?: ExecutorGroup
  /** Where the few variables come from that children get. Default: the daemon's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** What one run of a whole graph showed. */
export interface Inspection {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  /** Every output of the graph with the size that it had in this run. */
  readonly values: readonly MeasuredOutput[]
  readonly runUs: number
}

/** Bytes beyond what an idle executor has that stacks and buffers of a busy one take. */
const DATA_SLACK_BYTES = 48 * 1024 * 1024

const SURVEY_MS_MAX = 20_000

export class Runtime implements Startable {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #init: RuntimeInit
  readonly #executors = new Set<ProcessExecutor>()
  readonly #stopping = new AbortController()
  /** Of executors that have ended. */
  #endedMs = 0
  readonly #freezer: WindowsFreezer | undefined
  #wrappers: Wrappers = NO_WRAPPERS
  #survey: Promise<SurveyedMessage> | undefined
  #providers: Promise<readonly ProviderReport[]> | undefined

  constructor(components: RuntimeComponents, init: RuntimeInit) {
    this.#logger = components.logger.child('runtime')
    this.#clock = components.clock
    this.#init = init
    // Everywhere else there is a signal for it.
    this.#freezer = process.platform === 'win32' ? new WindowsFreezer(this.#logger) : undefined
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#wrappers = await detectWrappers(process.platform)
    this.#logger.debug('runtime started', { ...this.#wrappers })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([...this.#executors].map((executor) => executor.stop()))
    this.#freezer?.stop()
  }

  /** Executors that live now. */
  get executors(): readonly Executor[] {
    return [...this.#executors]
  }

  /**
   * Starts an executor and loads the model into it.
   *
   * @throws {RuntimeError} RUNTIME_EXECUTORS_FULL, RUNTIME_SPAWN_FAILED, RUNTIME_LOAD_FAILED,
   * RUNTIME_LOAD_TIMEOUT, RUNTIME_PROVIDER_UNAVAILABLE, RUNTIME_MEMORY, RUNTIME_EXECUTOR_DIED.
   */
  load(spec: ExecutorSpec, signal?: AbortSignal): Promise<Executor> {
    return this.#load(spec, signal)
  }

  /**
   * Puts an executor that will serve behind everything else on this machine, where the priority is
   * 'idle'. Loads and self-tests come before: on a busy machine they would never end. Never rejects.
   */
  async putLast({ pid }: Executor): Promise<void> {
    if (this.#init.priority !== 'idle') return
    await this.#init.group?.add(pid)
    if (process.platform === 'linux') await lowerSession(pid)
  }

  /**
   * Writes the graph of `file` to `target` as onnxruntime optimises it.
   *
   * Weights come out inside the new file, whether they were inside or beside the old one.
   *
   * @throws {RuntimeError} as {@link Runtime.load}.
   */
  async optimise(
    file: string,
    target: string,
    level: 'basic',
    signal?: AbortSignal,
  ): Promise<void> {
    const spec = { ...this.#toolSpec(file), optimise: level }
    const executor = await this.#load(spec, signal, target)
    await executor.stop()
  }

  /**
   * Runs `file` once on `samples` and tells the sizes of all its outputs.
   *
   * @throws {RuntimeError} as {@link Runtime.load} and {@link Executor.run}.
   */
  async inspect(
    file: string,
    samples: readonly Tensor[],
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const executor = await this.#load(this.#toolSpec(file), signal)
    const abort = (): void => executor.kill()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const { inputs, outputs } = executor
      const { values, computeUs } = await executor.measure(samples)
      return { inputs, outputs, values, runUs: computeUs }
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
      await executor.stop()
    }
  }

  /**
   * Proves that `executor` computes rightly before it serves.
   *
   * @throws {RuntimeError} RUNTIME_SELF_TEST_FAILED, or as {@link Executor.run}.
   */
  selfTest(executor: Executor, init: SelfTestInit, signal?: AbortSignal): Promise<SelfTest> {
    return selfTest(executor, init, () => this.load({ ...executor.spec, provider: 'cpu' }, signal))
  }

  /**
   * The part of a contended processor that an executor takes from a program of the owner's, from 0 to
   * 1; undefined where it cannot be measured. Two processes keep one processor busy meanwhile.
   */
  measureIsolation(ms: number, signal: AbortSignal): Promise<number | undefined> {
    const background = executorBackground(this.#wrappers, this.#init.group)
    return measureIsolation(background, ms, this.#signal(signal))
  }

  /** Time that executors have computed so far, in ms. */
  get computedMs(): number {
    return this.#endedMs + this.#executors.values().reduce((sum, each) => sum + each.computedMs, 0)
  }

  /** How fast one thread of this device multiplies matrices; takes about half a second. */
  measureGemm(signal?: AbortSignal): Promise<GemmSpeed> {
    return measureGemm(this, signal)
  }

  /** Each provider, available or why not. Looked up once, in child processes. */
  providers(): Promise<readonly ProviderReport[]> {
    this.#providers ??= this.survey().then((survey) =>
      providerReports(survey, process.platform, () => this.gpu('adapter')),
    )
    return this.#providers
  }

  /** Asks the GPU through Dawn, in a child process. */
  gpu(question: GpuQuestion, signal?: AbortSignal): Promise<GpuAnswer> {
    const child = this.#child('gpu-main', undefined, [question])
    return askGpu(child, this.#signal(signal))
  }

  /** What onnxruntime is here, and what an idle executor takes. Looked up once. */
  survey(): Promise<SurveyedMessage> {
    this.#survey ??= this.#askSurvey().catch((error: unknown) => {
      // A failure is not kept: the next caller asks again.
      this.#survey = undefined
      throw error
    })
    return this.#survey
  }

  async #load(
    spec: ExecutorSpec,
    signal: AbortSignal | undefined,
    optimisedFile?: string,
  ): Promise<ProcessExecutor> {
    const stopped = this.#signal(signal)
    const dataBytesMax = await this.#dataBytesMax(spec)
    stopped.throwIfAborted()
    const limit = this.#init.executorsMax
    if (this.#executors.size >= limit) {
      throw new RuntimeError({ code: 'RUNTIME_EXECUTORS_FULL', limit })
    }
    const executor = new ProcessExecutor(spec, this.#child('executor-main', dataBytesMax))
    this.#executors.add(executor)
    void executor.exited.then(() => {
      this.#endedMs += executor.computedMs
      this.#executors.delete(executor)
    })
    const abort = (): void => executor.kill()
    stopped.addEventListener('abort', abort, { once: true })
    const startedMs = this.#clock.monotonicMs()
    try {
      await executor.load(optimisedFile)
    } catch (error) {
      stopped.throwIfAborted()
      throw error
    } finally {
      stopped.removeEventListener('abort', abort)
    }
    const loadMs = Math.round(this.#clock.monotonicMs() - startedMs)
    this.#logger.debug('executor loaded', { pid: executor.pid, provider: spec.provider, loadMs })
    return executor
  }

  /** Accelerators map far more than they use, so that this limit would only break them. */
  async #dataBytesMax(spec: ExecutorSpec): Promise<number | undefined> {
    if (!this.#wrappers.prlimit || spec.provider !== 'cpu') return undefined
    const { dataBytes } = await this.survey()
    return dataBytes === 0 ? undefined : dataBytes + DATA_SLACK_BYTES + spec.memoryBytesMax
  }

  async #askSurvey(): Promise<SurveyedMessage> {
    const request = controlFrame('survey', 0, new Uint8Array())
    const child = this.#child('executor-main', undefined)
    const frame = await askOnce({ ...child, request, limitMs: SURVEY_MS_MAX }, this.#signal())
    const message = decodeShape(SURVEYED_MESSAGE, frame.body)
    if (message.type === 'refused') {
      throw new RuntimeError({ code: 'RUNTIME_EXECUTOR_FAULTY', detail: message.reason })
    }
    return message.value
  }

  #child(
    entry: string,
    dataBytesMax: number | undefined,
    words: readonly string[] = [],
  ): Omit<ChildInit, 'onBytes'> {
    const { priority, cacheDir, programs, environment = process.env } = this.#init
    const command = launchCommand(
      {
        entry: siblingEntry(entry, programs?.href ?? import.meta.url),
        words,
        priority,
        ...(dataBytesMax === undefined ? {} : { dataBytesMax }),
      },
      this.#wrappers,
    )
    return {
      command,
      environment: childEnvironment(environment, cacheDir),
      lowerPriority: priority !== 'normal' && !this.#wrappers.nice,
      release: (pid) => void this.#init.group?.release(pid),
      ...(this.#freezer === undefined ? {} : { freezer: this.#freezer }),
    }
  }

  #toolSpec(file: string): ExecutorSpec {
    const { toolMemoryBytesMax, toolMsMax } = this.#init
    return {
      file,
      provider: 'cpu',
      memoryBytesMax: toolMemoryBytesMax,
      loadMsMax: toolMsMax,
      runMsMax: toolMsMax,
      optimise: 'disabled',
    }
  }

  #signal(signal?: AbortSignal): AbortSignal {
    const own = this.#stopping.signal
    return signal === undefined ? own : AbortSignal.any([own, signal])
  }
}
