/**
 * Stages that are loaded on this device: shared by sessions, kept warm for a while, then given back.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import { bytesEqual } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import type { ModelId, PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { HeadGives, StageDescription } from '../../models/index.ts'
import {
  InferenceError,
  TEXT_POSITIONS_MAX,
  type OpenRecord,
} from '../../protocols/inference/index.ts'
import { RuntimeError } from '../runtime/errors.ts'
import type { Executor, ExecutorSpec, TokenBytes } from '../runtime/executor-spec.ts'
import type { Provider } from '../runtime/provider.ts'
import { StepBatcher } from './step-batcher.ts'
import { type TextRoom, textRoom } from './text-room.ts'
import { CrashTable } from '../runtime/restart-policy.ts'

/** A stage's file and what it takes and gives, with all its tensors in the store. */
export interface PreparedStage {
  readonly file: string
  readonly description: StageDescription
  readonly fetchedBytes: number
  /** Tokens that a text of its model may have; undefined of one that says nothing. */
  readonly positionsMax?: number | undefined
}

/** What the known-answer test of a stage showed. */
export interface StageProof {
  /** Numeric class, 32 bytes: stages of one class give the same bits. */
  readonly class: Uint8Array
  /** True when the bits of a text's rows do not depend on how they are run. */
  readonly exact: boolean
  /** True when that holds of rows that run alone, without a second one beside them. */
  readonly lone: boolean
  /** True when they do not depend on which other texts are run beside it. */
  readonly together: boolean
  /** Time of one row of a text, in microseconds; 0 where it was not measured. */
  readonly stepUs: number
  /** What a row of another text adds to a run; undefined where texts are not run together. */
  readonly besideUs?: number
  /** What a row takes in a run of many; undefined where it was not measured. */
  readonly chunkUs?: number
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
      /** True for a stage that takes several texts at once, where it can. */
      readonly several: boolean
    },
  ): Promise<PreparedStage>
  load(spec: ExecutorSpec, signal: AbortSignal): Promise<Executor>
  /** What the known-answer test showed, which is run anew where it has to be `again`. */
  selfTest(
    executor: Executor,
    stage: PreparedStage,
    model: ModelId,
    again: boolean,
  ): Promise<StageProof>
  /**
   * What the tokens of a model stand for, its tokenizer fetched when it is not here.
   *
   * @throws what fetching and reading it throw.
   */
  tokens(model: ModelId, near: readonly PeerId[]): Promise<TokenBytes>
  /** The provider that `asked` means on this device. */
  provider(asked: OpenRecord['provider']): Promise<Provider>
}

export interface StagePoolInit {
  /** Bytes of weights that all loaded stages may have together. */
  readonly weightBytesMax: number
  readonly executorMemoryBytes: number
  readonly loadMsMax: number
  /** Longest run that anyone may ask for, in milliseconds. */
  readonly runMsMax: number
  /** How long a stage that nobody uses stays loaded, in milliseconds. */
  readonly idleMs: number
}

/** A stage that serves. */
export interface LoadedStage {
  readonly model: ModelId
  readonly executor: Executor
  /** What runs steps of texts on it. */
  readonly steps: StepBatcher
  readonly description: StageDescription
  readonly provider: Provider
  readonly numericClass: Uint8Array
  readonly exact: boolean
  readonly lone: boolean
  readonly stepUs: number
  readonly besideUs: number | undefined
  readonly chunkUs: number | undefined
  readonly text: TextRoom
  /** Tokens that a text may have. */
  readonly positionsMax: number
  readonly fetchedBytes: number
  readonly loadMs: number
}

/** Who asks for which stage, and whom to tell what becomes of it until it is released. */
export interface StageRequest {
  readonly open: OpenRecord
  readonly requester: PeerId
  /** How far its tensors are, also when it is another request that fetches them. */
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void
  /** The executor has ended. */
  readonly onExit: () => void
  /** Aborts when nobody waits for this stage any more; loading it for others goes on. */
  readonly signal: AbortSignal
  /** True for one whose work is lent to another device, and can be taken back at any time. */
  readonly lent?: boolean
}

/** What an executor computes with. */
export type LentResource = 'cpu' | 'gpu'

/** A loaded stage, held until `release`. */
export interface StageLease {
  readonly stage: LoadedStage
  release(): void
}

interface Entry {
  readonly key: string
  readonly resource: LentResource
  readonly abort: AbortController
  readonly users: Set<StageRequest>
  /** Bytes of weights that are loaded, or about to be. */
  weightBytes: number
  loaded: LoadedStage | undefined
  /** What the stage was made of, once it is loaded. */
  prepared: PreparedStage | undefined
  /** While it is put to the test again. */
  doubted: Promise<void> | undefined
  idle: NodeJS.Timeout | undefined
}

export class StagePool {
  readonly #components: StagePoolComponents
  readonly #init: StagePoolInit
  /** In the order in which they were last used. */
  readonly #entries = new Map<string, Entry>()
  readonly #loading = new Map<Entry, Promise<LoadedStage>>()
  /** Stages that know what their tokens stand for, or are about to. */
  readonly #taught = new WeakMap<LoadedStage, Promise<void>>()
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
   * @throws what prepare, load and selfTest throw, {@link InferenceError} INFERENCE_MEMORY and
   * INFERENCE_TOO_LARGE, and the reason of the signal.
   */
  async acquire(asked: StageRequest): Promise<StageLease> {
    const { signal } = asked
    const provider = await this.#components.provider(asked.open.provider)
    signal.throwIfAborted()
    const spec = this.#spec(asked.open, provider)
    const key = keyOf(asked.open, spec)
    const entry = this.#entries.get(key) ?? this.#begin(key, asked, spec)
    entry.users.add(asked)
    clearTimeout(entry.idle)
    // What this device wants for itself was not lent, and does not wait.
    if (asked.lent !== true) entry.loaded?.executor.thaw()
    const release = (): void => {
      if (entry.users.delete(asked)) this.#rest(entry)
    }
    signal.addEventListener('abort', release, { once: true })
    try {
      await entry.doubted
      const stage = entry.loaded ?? (await this.#loading.get(entry))
      signal.throwIfAborted()
      if (stage === undefined) throw new InferenceError({ code: 'INFERENCE_LOAD_FAILED' })
      return { stage, release }
    } catch (error) {
      release()
      throw error
    } finally {
      signal.removeEventListener('abort', release)
    }
  }

  /**
   * Makes a stage know what its tokens stand for, once.
   *
   * @param near - Devices that are likely to have the tokenizer.
   * @throws what `tokens` of the components and {@link Executor.learnTokens} throw.
   */
  async teach(stage: LoadedStage, near: readonly PeerId[]): Promise<void> {
    const known = this.#taught.get(stage)
    if (known !== undefined) return known
    const taught = this.#components
      .tokens(stage.model, near)
      .then((tokens) => stage.executor.learnTokens(tokens))
    this.#taught.set(stage, taught)
    // What failed once is tried again for the next text.
    taught.catch(() => this.#taught.delete(stage))
    return taught
  }

  /**
   * Puts a stage to its test again, as something came of it that cannot be. Nobody new gets it until it
   * has passed: one that does not ends, and who used it is told.
   */
  doubt(stage: LoadedStage): void {
    const entry = [...this.#entries.values()].find(({ loaded }) => loaded === stage)
    if (entry === undefined || entry.doubted !== undefined) return
    entry.doubted = this.#testAgain(entry, stage).finally(() => (entry.doubted = undefined))
    // Whoever waits for it is told; nobody need wait.
    entry.doubted.catch(() => undefined)
  }

  /** @throws {RuntimeError} of the test, or RUNTIME_SELF_TEST_FAILED when the stage is another one now. */
  async #testAgain(entry: Entry, stage: LoadedStage): Promise<void> {
    const { logger } = this.#components
    const { executor, model, provider } = stage
    try {
      if (entry.prepared === undefined) return
      const proof = await this.#components.selfTest(executor, entry.prepared, model, true)
      if (bytesEqual(proof.class, stage.numericClass) && proof.exact === stage.exact) return
      const detail = 'it gives other bits than before'
      throw new RuntimeError({ code: 'RUNTIME_SELF_TEST_FAILED', provider, detail })
    } catch (error) {
      logger.warn('a stage that was doubted is ended', { model, error })
      this.#noteCrash(entry.key)
      await this.#drop(entry)
      throw error
    }
  }

  /** Takes executors that compute for other devices only off the processor; those that load are given up. */
  freezeLent(resource: LentResource): void {
    for (const entry of this.#lent(resource)) {
      if (entry.loaded === undefined) void this.#drop(entry)
      else entry.loaded.executor.freeze()
    }
  }

  /** Lets them go on. */
  thaw(resource: LentResource): void {
    for (const entry of this.#lent(resource)) entry.loaded?.executor.thaw()
  }

  /** Ends them; who used them is told that they died. */
  async dropLent(resource: LentResource): Promise<void> {
    await Promise.all(this.#lent(resource).map((entry) => this.#drop(entry)))
  }

  /** Ends those that nobody uses now. */
  async dropIdle(resource: LentResource): Promise<void> {
    const idle = [...this.#entries.values()].filter(({ users }) => users.size === 0)
    await Promise.all(
      idle.filter((entry) => entry.resource === resource).map((entry) => this.#drop(entry)),
    )
  }

  #lent(resource: LentResource): readonly Entry[] {
    return [...this.#entries.values()].filter(
      (entry) => entry.resource === resource && [...entry.users].every(({ lent }) => lent === true),
    )
  }

  /** Stops all stages, those that are in use and those that are being loaded included. */
  async stop(): Promise<void> {
    const loading = [...this.#loading.values()]
    await Promise.allSettled([...this.#entries.values()].map((entry) => this.#drop(entry)))
    await Promise.allSettled(loading)
  }

  #spec(open: OpenRecord, provider: Provider): Omit<ExecutorSpec, 'file'> {
    return {
      provider,
      memoryBytesMax: this.#init.executorMemoryBytes,
      loadMsMax: this.#init.loadMsMax,
      runMsMax: Math.min(open.runMsMax, this.#init.runMsMax),
      optimise: 'disabled',
    }
  }

  #begin(key: string, asked: StageRequest, spec: Omit<ExecutorSpec, 'file'>): Entry {
    const entry: Entry = {
      key,
      resource: spec.provider === 'cpu' ? 'cpu' : 'gpu',
      abort: new AbortController(),
      users: new Set(),
      weightBytes: 0,
      loaded: undefined,
      prepared: undefined,
      doubted: undefined,
      idle: undefined,
    }
    this.#entries.set(key, entry)
    const loading = this.#load(entry, asked, spec)
    this.#loading.set(entry, loading)
    loading.then(
      (loaded) => this.#onLoaded(entry, loaded),
      (error: unknown) => {
        if (errorCode(error) === 'RUNTIME_EXECUTOR_DIED') this.#noteCrash(key)
        this.#loading.delete(entry)
        this.#forget(entry)
      },
    )
    return entry
  }

  #onLoaded(entry: Entry, loaded: LoadedStage): void {
    entry.loaded = loaded
    this.#loading.delete(entry)
    // An executor that ends is of no use to anyone: the next session loads a new one.
    void loaded.executor.exited.then(() => {
      if (this.#entries.get(entry.key) === entry) this.#noteCrash(entry.key)
      this.#forget(entry)
      for (const { onExit } of entry.users) onExit()
    })
  }

  #noteCrash(key: string): void {
    this.#crashes.crashed(key, this.#components.clock.monotonicMs())
  }

  async #load(
    entry: Entry,
    { open, requester }: StageRequest,
    spec: Omit<ExecutorSpec, 'file'>,
  ): Promise<LoadedStage> {
    const { clock } = this.#components
    const { signal } = entry.abort
    // A stage that has just crashed waits its turn; one that keeps crashing is refused.
    const delayMs = this.#crashes.delayMs(entry.key, clock.monotonicMs())
    if (delayMs > 0) await clock.sleep(delayMs, signal)
    signal.throwIfAborted()
    const onProgress = (bytesDone: number, bytesTotal: number): void => {
      for (const user of entry.users) user.onProgress(bytesDone, bytesTotal)
    }
    // Drivers of accelerators know attention as a node of its own, not inside of a loop.
    const several = spec.provider === 'cpu'
    const work = { onProgress, signal, several }
    const prepared = await this.#components.prepare(open, requester, work)
    await this.#makeRoom(entry, prepared.description.weightBytes)
    signal.throwIfAborted()
    const startedMs = clock.monotonicMs()
    entry.prepared = prepared
    const executor = await this.#components.load({ ...spec, file: prepared.file }, signal)
    try {
      const proof = await this.#components.selfTest(executor, prepared, open.model, false)
      signal.throwIfAborted()
      return {
        model: open.model,
        executor,
        steps: new StepBatcher(executor, proof.together ? executor.textsMax : 1),
        description: prepared.description,
        provider: spec.provider,
        numericClass: proof.class,
        exact: proof.exact,
        lone: proof.lone,
        stepUs: proof.stepUs,
        besideUs: proof.together ? proof.besideUs : undefined,
        chunkUs: proof.chunkUs,
        text: textRoom(executor, prepared.description),
        positionsMax: prepared.positionsMax ?? TEXT_POSITIONS_MAX,
        fetchedBytes: prepared.fetchedBytes,
        loadMs: Math.round(clock.monotonicMs() - startedMs),
      }
    } catch (error) {
      await executor.stop()
      throw error
    }
  }

  /** Reserves `bytes` of weights, and stops idle stages, the longest idle first, until they fit. */
  async #makeRoom(entry: Entry, bytes: number): Promise<void> {
    const held = (): number =>
      [...this.#entries.values()].reduce((sum, { weightBytes }) => sum + weightBytes, 0)
    const { weightBytesMax } = this.#init
    if (bytes > weightBytesMax) throw new InferenceError({ code: 'INFERENCE_TOO_LARGE' })
    while (held() + bytes > weightBytesMax) {
      const idle = [...this.#entries.values()].find(({ users }) => users.size === 0)
      if (idle === undefined) throw new InferenceError({ code: 'INFERENCE_MEMORY' })
      await this.#drop(idle)
    }
    entry.weightBytes = bytes
  }

  #rest(entry: Entry): void {
    if (entry.users.size > 0 || this.#entries.get(entry.key) !== entry) return
    if (entry.loaded === undefined) {
      // Nobody waits for it any more: what was fetched stays in the store.
      void this.#drop(entry)
      return
    }
    this.#entries.delete(entry.key)
    this.#entries.set(entry.key, entry)
    entry.idle = setTimeout(() => void this.#drop(entry), this.#init.idleMs)
    entry.idle.unref()
  }

  async #drop(entry: Entry): Promise<void> {
    this.#forget(entry)
    entry.abort.abort()
    try {
      const loaded = entry.loaded ?? (await this.#loading.get(entry))
      await loaded?.executor.stop()
    } catch {
      // It was never loaded: who asked for it has been told why.
    }
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.idle)
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key)
  }
}

function keyOf(
  open: OpenRecord,
  { provider, runMsMax }: Pick<ExecutorSpec, 'provider' | 'runMsMax'>,
): string {
  const { model, fromLayer, toLayer } = open
  return `${model}/${fromLayer}-${toLayer}/${headOf(open)}/${provider}/${runMsMax}`
}

/** What the stage that `open` asks for gives when it has the head of its model. */
export function headOf({ text, stage, route }: OpenRecord): HeadGives {
  return text?.gives === 'embedding' && stage === route.length - 1 ? 'hidden' : 'logits'
}
