/**
 * All jobs of this device: takes them, runs them, keeps what became of them over restarts.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { textOf, toHex, utf8 } from '../../../core/bytes.ts'
import type { Clock } from '../../../core/clock.ts'
import { errorCode } from '../../../core/errors.ts'
import { asJobId, type JobId } from '../../../core/ids.ts'
import type { Startable } from '../../../core/lifecycle.ts'
import type { Logger } from '../../../core/logger.ts'
import { type Tensor, tensorMismatch } from '../../../core/tensor.ts'
import type { BlobRef, Manifest } from '../../../models/index.ts'
import { type EventFeed, EventLog } from '../../api/event-log.ts'
import { type JobEvent, type JobRequest, jobSchema, type JobView } from '../../api/schemas/jobs.ts'
import type { Problem } from '../../api/schemas/problem.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import type { StateStore } from '../../storage/state-store.ts'
import { JobError } from './errors.ts'
import { inputScale } from './input-scale.ts'
import type { JobOutputs } from './job-outputs.ts'
import { JobRecord } from './job-record.ts'
import { JobRunner, type JobRunnerComponents, type JobRunnerInit } from './job-runner.ts'
import type { Planner, StageRun } from './planner.ts'

const KEY_PREFIX = 'job/'

export interface JobBookComponents extends JobRunnerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly planner: Pick<
    Planner,
    'survey' | 'qualify' | 'plan' | 'replacement' | 'noteLost' | 'forgive' | 'learn' | 'adopt'
  >
  readonly state: Pick<StateStore, 'entries' | 'put' | 'del'>
  readonly outputs: Pick<JobOutputs, 'put' | 'read' | 'close' | 'remove'>
  /** The model that a reference means, fetched from the mesh when it is not here. */
  readonly resolve: (ref: string, signal: AbortSignal) => Promise<CatalogueModel>
  /** The manifest's bytes by content. */
  readonly manifestRef: (model: CatalogueModel) => Promise<BlobRef>
  readonly problemOf: (error: unknown) => Problem
}

export interface JobBookInit extends JobRunnerInit {
  /** Jobs that may run at once. */
  readonly runningMax: number
  /** Ended jobs that are kept with their outputs. */
  readonly keptMax: number
}

/** A job of an earlier life of the daemon, or of this one. */
type Job =
  | { readonly record: JobRecord; readonly abort: AbortController }
  | { readonly view: JobView }

export class JobBook implements Startable {
  readonly #components: JobBookComponents
  readonly #init: JobBookInit
  readonly #jobs = new Map<JobId, Job>()
  readonly #running = new Set<Promise<void>>()
  /** Jobs that were taken and have not ended, those whose model is still looked for included. */
  #taken = 0

  constructor(components: JobBookComponents, init: JobBookInit) {
    this.#components = components
    this.#init = init
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const entries = await this.#components.state.entries(KEY_PREFIX, 100_000)
    for (const { key, value } of entries) {
      const view = parseView(value)
      if (view === undefined) await this.#components.state.del(key)
      else await this.#reopen(view)
    }
  }

  async stop(): Promise<void> {
    for (const job of this.#jobs.values()) {
      if ('abort' in job) job.abort.abort(new JobError({ code: 'JOB_INTERRUPTED' }))
    }
    await Promise.allSettled(this.#running)
  }

  /** Counts for the status. */
  counts(): { running: number; done: number; failed: number } {
    const states = [...this.#jobs.values()].map(stateOf)
    return {
      running: states.filter((state) => !['done', 'failed', 'cancelled'].includes(state)).length,
      done: states.filter((state) => state === 'done').length,
      failed: states.filter((state) => state === 'failed').length,
    }
  }

  list(): readonly JobView[] {
    return [...this.#jobs.values()].map(show).toSorted((a, b) => b.createdMs - a.createdMs)
  }

  get(id: string): JobView | undefined {
    const job = this.#find(id)
    return job === undefined ? undefined : show(job)
  }

  events(id: string): EventFeed<JobEvent> | undefined {
    const job = this.#find(id)
    if (job === undefined) return undefined
    return 'record' in job ? job.record.events : endedFeed(job.view)
  }

  /** @throws {JobError} JOB_NOT_DONE or JOB_OUTPUTS_GONE. */
  async outputs(id: string): Promise<readonly (readonly Tensor[])[] | undefined> {
    const job = this.get(id)
    const jobId = asJobId(id)
    if (job === undefined || jobId === undefined) return undefined
    if (job.state !== 'done') throw new JobError({ code: 'JOB_NOT_DONE', state: job.state })
    const outputs = await this.#components.outputs.read(jobId, job.progress.inputsTotal)
    if (outputs === undefined) throw new JobError({ code: 'JOB_OUTPUTS_GONE' })
    return outputs
  }

  cancel(id: string): JobView | undefined {
    const job = this.#find(id)
    if (job === undefined) return undefined
    if ('abort' in job) job.abort.abort(new JobError({ code: 'JOB_CANCELLED' }))
    return show(job)
  }

  /**
   * Takes a job and starts it.
   *
   * @throws {JobError} JOB_INPUT_INVALID, JOB_TOO_MANY; and what `resolve` throws for an unknown model.
   */
  async submit(request: JobRequest): Promise<JobView> {
    if (this.#taken >= this.#init.runningMax) {
      throw new JobError({ code: 'JOB_TOO_MANY', limit: this.#init.runningMax })
    }
    this.#taken++
    try {
      return await this.#take(request)
    } catch (error) {
      this.#taken--
      throw error
    }
  }

  async #take(request: JobRequest): Promise<JobView> {
    const abort = new AbortController()
    const model = await this.#components.resolve(request.model, abort.signal)
    const { name, text } = model.manifest
    if (text !== undefined) throw new JobError({ code: 'JOB_MODEL_GENERATES', model: name })
    checkInputs(model.manifest, request.inputs)
    const record = new JobRecord({
      id: toHex(randomBytes(16)) as JobId,
      model: model.id,
      modelName: model.manifest.name,
      createdMs: Math.round(this.#components.clock.wallMs()),
      inputsTotal: request.inputs.length,
    })
    await this.#persist(record.show())
    this.#jobs.set(record.id, { record, abort })
    const running = this.#run(record, model, { request, abort }).finally(() => {
      this.#taken--
      this.#running.delete(running)
    })
    this.#running.add(running)
    return record.show()
  }

  /** Never rejects: what goes wrong is the job's error. */
  async #run(
    record: JobRecord,
    model: CatalogueModel,
    { request, abort }: { readonly request: JobRequest; readonly abort: AbortController },
  ): Promise<void> {
    const { clock, planner, logger } = this.#components
    const deadline = this.#deadline(request.deadlineMs, abort)
    try {
      record.enter('planning')
      const inputs = request.inputs.map((tensors) => ordered(model.manifest, tensors))
      const scale = scaleOf(model.manifest, inputs)
      await Promise.all([planner.survey(), planner.qualify(request.requirements, abort.signal)])
      abort.signal.throwIfAborted()
      const planned = planner.plan(model, {
        ...request,
        inputs: inputs.length,
        scale,
      })
      planner.adopt(planned)
      const manifest = await this.#components.manifestRef(model)
      const { provider, objective } = request
      const work = { record, planned, manifest, provider, objective, inputs }
      await new JobRunner(this.#components, this.#init, work).run(abort.signal)
      // An accelerator's speed says nothing of the processor's, on which plans are built.
      if (provider === 'auto' || provider === 'cpu')
        planner.learn(planned, stageRuns(record, scale))
      record.end(clock.wallMs(), 'done')
    } catch (error) {
      this.#logEnd(record.id, error)
      const cancelled = errorCode(error) === 'JOB_CANCELLED'
      record.end(clock.wallMs(), cancelled ? 'cancelled' : this.#components.problemOf(error))
    } finally {
      clearTimeout(deadline)
    }
    try {
      const { outputs } = this.#components
      await (record.state === 'done' ? outputs.close(record.id) : outputs.remove(record.id))
      await this.#persist(record.show())
      await this.#forgetOldest()
    } catch (error) {
      // The job itself has ended; after a restart it is shown as interrupted.
      logger.error('job not written down', { job: record.id, error })
    }
  }

  /** Refusals and losses are told by their code; only what nobody foresaw is worth a stack. */
  #logEnd(job: JobId, error: unknown): void {
    const { logger } = this.#components
    const code = errorCode(error)
    if (code === undefined) logger.error('job failed', { job, error })
    else logger.info('job ended', { job, code, message: (error as Error).message })
  }

  #deadline(deadlineMs: number | undefined, abort: AbortController): NodeJS.Timeout | undefined {
    if (deadlineMs === undefined) return undefined
    return setTimeout(
      () => abort.abort(new JobError({ code: 'JOB_DEADLINE', deadlineMs })),
      deadlineMs,
    )
  }

  /** A job that an earlier life of the daemon left running cannot go on: its inputs are gone. */
  async #reopen(view: JobView): Promise<void> {
    const id = asJobId(view.id)
    if (id === undefined) {
      await this.#components.state.del(KEY_PREFIX + view.id)
      return
    }
    const over = ['done', 'failed', 'cancelled'].includes(view.state)
    const error = this.#components.problemOf(new JobError({ code: 'JOB_INTERRUPTED' }))
    const shown: JobView = over ? view : { ...view, state: 'failed', error }
    this.#jobs.set(id, { view: shown })
    if (over) return
    await this.#persist(shown)
    await this.#components.outputs.remove(id)
  }

  async #persist(view: JobView): Promise<void> {
    await this.#components.state.put(KEY_PREFIX + view.id, utf8(JSON.stringify(view)))
  }

  async #forgetOldest(): Promise<void> {
    if (this.#jobs.size <= this.#init.keptMax) return
    const ended = this.list().filter(({ state }) => ['done', 'failed', 'cancelled'].includes(state))
    for (const { id } of ended.slice(this.#init.keptMax)) {
      const jobId = asJobId(id)
      if (jobId === undefined) continue
      this.#jobs.delete(jobId)
      await this.#components.outputs.remove(jobId)
      await this.#components.state.del(KEY_PREFIX + id)
    }
  }

  #find(id: string): Job | undefined {
    const jobId = asJobId(id)
    return jobId === undefined ? undefined : this.#jobs.get(jobId)
  }
}

/** Without the rest of its view, which sorts all that was measured: it is asked for many times a second. */
function stateOf(job: Job): JobView['state'] {
  return 'record' in job ? job.record.state : job.view.state
}

function show(job: Job): JobView {
  return 'record' in job ? job.record.show() : job.view
}

/** What an earlier life wrote; undefined when it was damaged, or is of a version that knew less. */
function parseView(value: Uint8Array): JobView | undefined {
  try {
    return jobSchema.safeParse(JSON.parse(textOf(value) ?? '')).data
  } catch {
    // Not even JSON: dropped by the caller.
    return undefined
  }
}

function endedFeed(view: JobView): EventFeed<JobEvent> {
  const log = new EventLog<JobEvent>()
  if (view.state === 'done') log.append({ type: 'done', job: view })
  else if (view.error !== undefined) log.append({ type: 'failed', error: view.error })
  else log.append({ type: 'cancelled' })
  log.end()
  return log
}

/** @throws {JobError} JOB_INPUT_INVALID for the first input that does not fit. */
function checkInputs(manifest: Manifest, inputs: JobRequest['inputs']): void {
  for (const [input, tensors] of inputs.entries()) {
    const reason = inputMismatch(manifest, tensors)
    if (reason !== undefined) throw new JobError({ code: 'JOB_INPUT_INVALID', input, reason })
  }
}

function inputMismatch(manifest: Manifest, tensors: readonly Tensor[]): string | undefined {
  for (const spec of manifest.inputs) {
    const tensor = tensors.find(({ name }) => name === spec.name)
    if (tensor === undefined) return `expected a tensor ${spec.name}, got none`
    const reason = tensorMismatch(tensor, spec)
    if (reason !== undefined) return `${spec.name}: ${reason}`
  }
  const unknown = tensors.find(({ name }) => !manifest.inputs.some((spec) => spec.name === name))
  return unknown === undefined ? undefined : `${unknown.name}: the model has no such input`
}

/** The tensors in the order of the model's inputs, which is the order of cut 0. */
function ordered(manifest: Manifest, tensors: readonly Tensor[]): readonly Tensor[] {
  return manifest.inputs.flatMap(({ name }) => tensors.find((tensor) => tensor.name === name) ?? [])
}

/** How many times larger the mean input is than the sample with which costs were measured. */
function scaleOf(manifest: Manifest, inputs: JobRequest['inputs']): number {
  return inputScale(manifest, inputs.flat()) / inputs.length
}

function stageRuns({ stages }: JobRecord, scale: number): readonly StageRun[] {
  return stages.flatMap(({ peer, view: place, compute }) => {
    const computeMs = compute.quantile(0.5)
    if (computeMs === undefined) return []
    return [{ peer, ...place, computeMs, scale, source: 'alone' as const }]
  })
}
