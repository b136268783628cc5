/**
 * Stages that are loaded on this device: shared by sessions, kept warm for a while, then given back.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { ModelId, PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { StageDescription } from '../../models/index.ts'
import { InferenceError, type OpenRecord } from '../../protocols/inference/index.ts'
import type { Executor, ExecutorSpec } from '../runtime/executor-spec.ts'
import type { Provider } from '../runtime/provider.ts'
import { CrashTable } from '../runtime/restart-policy.ts'

/** A stage's file and what it takes and gives, with all its tensors in the store. */
export interface PreparedStage {
  readonly file: string
  readonly description: StageDescription
  readonly fetchedBytes: number
}

export interface StagePoolComponents {
  readonly clock: Clock
  readonly logger: Logger
  /** Fetches what is missing and writes the stage's file. */
  prepare(
    open: OpenRecord,
    requester: PeerId,
    work: {
      readonly onProgress: (bytesDone: number, bytesTotal: number) => void
      readonly signal: AbortSignal
    },
  ): Promise<PreparedStage>
  load(spec: ExecutorSpec, signal: AbortSignal): Promise<Executor>
  /** Runs the known-answer test; resolves to the numeric class, 32 bytes. */
  selfTest(executor: Executor, stage: PreparedStage, model: ModelId): Promise<Uint8Array>
  /** The provider that `asked` means on this device. */
  provider(asked: OpenRecord['provider']): Promise<Provider>
}

export interface StagePoolInit {
  /** Bytes of weights that all loaded stages may have together. */
  readonly weightBytesMax: number
  readonly executorMemoryBytes: number
  readonly loadMsMax: number
  /** How long a stage that nobody uses stays loaded, in milliseconds. */
  readonly idleMs: number
}

/** A stage that serves. */
export interface LoadedStage {
  readonly model: ModelId
  readonly executor: Executor
  readonly description: StageDescription
  readonly provider: Provider
  readonly numericClass: Uint8Array
  readonly fetchedBytes: number
  readonly loadMs: number
}

/** Who asks for which stage, and whom to tell how far its tensors are. */
export interface StageRequest {
  readonly open: OpenRecord
  readonly requester: PeerId
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void
}

/** A loaded stage, held until `release`. */
export interface StageLease {
  readonly stage: LoadedStage
  release(): void
}

interface Entry {
  readonly key: string
  readonly stage: Promise<LoadedStage>
  readonly abort: AbortController
  loaded: LoadedStage | undefined
  users: number
  idle: NodeJS.Timeout | undefined
}

export class StagePool {
  readonly #components: StagePoolComponents
  readonly #init: StagePoolInit
  readonly #entries = new Map<string, Entry>()
  readonly #crashes = new CrashTable({
    crashesMax: 20,
    windowMs: 60_000,
    baseMs: 100,
    delayMsMax: 5_000,
  })

  constructor(components: StagePoolComponents, init: StagePoolInit) {
    this.#components = components
    this.#init = init
  }

  get stages(): readonly LoadedStage[] {
    return [...this.#entries.values()].flatMap(({ loaded }) => loaded ?? [])
  }

  /**
   * The stage that `open` asks for, loaded.
   *
   * @throws what prepare, load and selfTest throw, and {@link InferenceError} INFERENCE_MEMORY.
   */
  async acquire(asked: StageRequest): Promise<StageLease> {
    const { open } = asked
    const provider = await this.#components.provider(open.provider)
    const key = keyOf(open, provider)
    const entry = this.#entries.get(key) ?? this.#begin(key, asked, provider)
    entry.users++
    clearTimeout(entry.idle)
    let released = false
    const release = (): void => {
      if (released) return
      released = true
      entry.users--
      this.#rest(entry)
    }
    try {
      return { stage: await entry.stage, release }
    } catch (error) {
      release()
      throw error
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled([...this.#entries.values()].map((entry) => this.#drop(entry)))
  }

  /** Stops stages that nobody uses: their memory is wanted elsewhere. */
  async evictIdle(): Promise<void> {
    const idle = [...this.#entries.values()].filter(({ users }) => users === 0)
    await Promise.allSettled(idle.map((entry) => this.#drop(entry)))
  }

  #begin(key: string, asked: StageRequest, provider: Provider): Entry {
    const abort = new AbortController()
    const stage = this.#load(asked, provider, abort.signal)
    const entry: Entry = { key, stage, abort, loaded: undefined, users: 0, idle: undefined }
    this.#entries.set(key, entry)
    stage.then(
      (loaded) => {
        entry.loaded = loaded
        // An executor that ends is of no use to anyone: the next session loads a new one.
        void loaded.executor.exited.then(() => {
          const crashed = this.#entries.get(key) === entry
          if (crashed) this.#crashes.crashed(key, this.#components.clock.monotonicMs())
          this.#forget(entry)
        })
      },
      () => this.#forget(entry),
    )
    return entry
  }

  async #load(
    { open, requester, onProgress }: StageRequest,
    provider: Provider,
    signal: AbortSignal,
  ): Promise<LoadedStage> {
    const { clock } = this.#components
    const crashKey = keyOf(open, provider)
    // A stage that has just crashed waits its turn; one that keeps crashing is refused.
    const delayMs = this.#crashes.delayMs(crashKey, clock.monotonicMs())
    if (delayMs > 0) await clock.sleep(delayMs, signal)
    const prepared = await this.#components.prepare(open, requester, { onProgress, signal })
    await this.#makeRoom(prepared.description.weightBytes)
    const startedMs = clock.monotonicMs()
    const executor = await this.#components.load(
      {
        file: prepared.file,
        provider,
        memoryBytesMax: this.#init.executorMemoryBytes,
        loadMsMax: this.#init.loadMsMax,
        runMsMax: open.runMsMax,
        optimise: 'disabled',
      },
      signal,
    )
    try {
      const numericClass = await this.#components.selfTest(executor, prepared, open.model)
      return {
        model: open.model,
        executor,
        description: prepared.description,
        provider,
        numericClass,
        fetchedBytes: prepared.fetchedBytes,
        loadMs: Math.round(clock.monotonicMs() - startedMs),
      }
    } catch (error) {
      await executor.stop()
      throw error
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const held = (): number =>
      this.stages.reduce((sum, { description }) => sum + description.weightBytes, 0)
    if (held() + bytes > this.#init.weightBytesMax) await this.evictIdle()
    if (held() + bytes > this.#init.weightBytesMax) {
      throw new InferenceError({ code: 'INFERENCE_MEMORY' })
    }
  }

  #rest(entry: Entry): void {
    if (entry.users > 0 || this.#entries.get(entry.key) !== entry) return
    entry.idle = setTimeout(() => void this.#drop(entry), this.#init.idleMs)
    entry.idle.unref()
  }

  async #drop(entry: Entry): Promise<void> {
    this.#forget(entry)
    entry.abort.abort()
    await entry.loaded?.executor.stop()
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.idle)
    if (this.#entries.get(entry.key) !== entry) return
    this.#entries.delete(entry.key)
  }
}

function keyOf({ model, fromLayer, toLayer }: OpenRecord, provider: Provider): string {
  return `${model}/${fromLayer}-${toLayer}/${provider}`
}

/** Tensors for the next cut: what the graph made, and what only passes through. */
export function outgoing(
  description: StageDescription,
  received: readonly Tensor[],
  made: readonly Tensor[],
): readonly Tensor[] {
  return description.sends.flatMap(({ name }) => {
    const tensor =
      made.find((candidate) => candidate.name === name) ??
      received.find((candidate) => candidate.name === name)
    return tensor ?? []
  })
}

/** What the stage's graph takes of what was received. */
export function incoming(
  description: StageDescription,
  received: readonly Tensor[],
): readonly Tensor[] {
  return description.inputs.flatMap(
    ({ name }) => received.find((candidate) => candidate.name === name) ?? [],
  )
}
