/**
 * The work side of the API: plans and jobs.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { JobBackend } from '../api/backend.ts'
import type { EventFeed } from '../api/event-log.ts'
import type { JobEvent, JobList, JobOutput, JobRequest, JobView } from '../api/schemas/jobs.ts'
import type { PlanRequest, PlanView } from '../api/schemas/plan.ts'
import type { ModelSource } from '../model-source.ts'
import type { JobBook } from '../scheduler/jobs/job-book.ts'
import type { Planner } from '../scheduler/jobs/planner.ts'
import { planView } from '../scheduler/jobs/plan-view.ts'
import { textWish } from '../scheduler/texts/text-wish.ts'
import { wholeId } from './whole-id.ts'

export interface JobBackendComponents {
  readonly jobs: JobBook
  readonly planner: Planner
  readonly source: ModelSource
  readonly nameOf: (peer: PeerId) => string
}

/** Tokens of a text that is only planned: a long page, or a short conversation. */
const PLANNED_POSITIONS = 1_024

/** Longest search of the mesh for a model that is not here, in ms. */
const RESOLVE_MS_MAX = 10_000

export class DaemonJobBackend implements JobBackend {
  readonly #components: JobBackendComponents

  constructor(components: JobBackendComponents) {
    this.#components = components
  }

  async plan(request: PlanRequest): Promise<PlanView> {
    const { source, planner, nameOf } = this.#components
    const model = await source.resolve(request.model, AbortSignal.timeout(RESOLVE_MS_MAX))
    const { objective, atOnce } = request
    const inputs = atOnce ?? (objective === 'throughput' ? 8 : 1)
    const { text } = model.manifest
    const positions = Math.min(PLANNED_POSITIONS, text?.positionsMax ?? 0)
    await Promise.all([planner.survey(), planner.qualify(request.requirements)])
    const planned = planner.plan(
      model,
      text === undefined
        ? { ...request, inputs, scale: 1 }
        : textWish(model, { ...request, inputs }, positions),
    )
    const provider = request.provider === 'auto' ? 'cpu' : request.provider
    return planView(planned, { objective, provider, nameOf })
  }

  submitJob(request: JobRequest): Promise<JobView> {
    return this.#components.jobs.submit(request)
  }

  async jobs(): Promise<JobList> {
    return { jobs: [...this.#components.jobs.list()] }
  }

  async job(id: string): Promise<JobView | undefined> {
    return this.#components.jobs.get(this.#wholeId(id))
  }

  jobOutputs(id: string): Promise<readonly JobOutput[] | undefined> {
    return this.#components.jobs.outputs(this.#wholeId(id))
  }

  jobEvents(id: string): EventFeed<JobEvent> | undefined {
    return this.#components.jobs.events(this.#wholeId(id))
  }

  async cancelJob(id: string): Promise<JobView | undefined> {
    return this.#components.jobs.cancel(this.#wholeId(id))
  }

  #wholeId(text: string): string {
    return wholeId(text, this.#components.jobs.list())
  }
}
