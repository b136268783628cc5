/**
 * Routes about plans and jobs.
 *
 * @module
 */

import { z } from 'zod'
import { encodeCbor } from '../../../core/canonical-cbor.ts'
import { ApiError } from '../errors.ts'
import { answers, type Route, streams } from '../route.ts'
import {
  type JobOutput,
  type JobRequest,
  jobEventSchema,
  jobListSchema,
  jobOutputsSchema,
  jobSchema,
  jobSpec,
} from '../schemas/jobs.ts'
import { planRequest, planSchema } from '../schemas/plan.ts'
import { tensorsFromJson } from '../schemas/tensors.ts'
import { tensorsToJson } from '../tensor-base64.ts'

/** Media type of outputs as raw bytes: see {@link outputsToCbor}. */
export const OUTPUTS_MEDIA_TYPE = 'application/cbor'

const jobParams = z.strictObject({ id: z.string().min(1).max(64) })

/** `found`, or the error that says that there is no such job. */
function jobOr404<T>(found: T | undefined, job: string): T {
  if (found === undefined) throw new ApiError({ code: 'API_JOB_UNKNOWN', job })
  return found
}

export const jobRoutes: readonly Route[] = [
  answers({
    method: 'POST',
    path: '/v1/plan',
    summary: 'Where the stages of a model would run, and why',
    body: planRequest,
    status: 200,
    answer: planSchema,
    handle: ({ backend, body }) => backend.plan(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/jobs',
    summary: 'Run a model on one or more inputs',
    body: jobSpec,
    largeBody: true,
    status: 202,
    answer: jobSchema,
    handle: ({ backend, body }) => backend.submitJob(jobRequest(body)),
  }),
  answers({
    method: 'GET',
    path: '/v1/jobs',
    summary: 'Jobs that the daemon knows, latest first',
    status: 200,
    answer: jobListSchema,
    handle: ({ backend }) => backend.jobs(),
  }),
  answers({
    method: 'GET',
    path: '/v1/jobs/:id',
    summary: 'One job: its plan, stages, timings and results in short',
    params: jobParams,
    status: 200,
    answer: jobSchema,
    handle: async ({ backend, params }) => jobOr404(await backend.job(params.id), params.id),
  }),
  answers({
    method: 'GET',
    path: '/v1/jobs/:id/outputs',
    summary: 'Output tensors of a finished job, as JSON or canonical CBOR',
    params: jobParams,
    status: 200,
    answer: jobOutputsSchema,
    bytesType: OUTPUTS_MEDIA_TYPE,
    handle: async ({ backend, params, accept }) => {
      const outputs = jobOr404(await backend.jobOutputs(params.id), params.id)
      if (accept.includes(OUTPUTS_MEDIA_TYPE)) return outputsToCbor(outputs)
      return { id: params.id, outputs: outputs.map((output) => tensorsToJson(output)) }
    },
  }),
  streams({
    method: 'GET',
    path: '/v1/jobs/:id/events',
    summary: 'What happens to a job, as it happens',
    params: jobParams,
    event: jobEventSchema,
    feed: ({ backend, params }) => jobOr404(backend.jobEvents(params.id), params.id),
  }),
  answers({
    method: 'DELETE',
    path: '/v1/jobs/:id',
    summary: 'Cancel a job',
    params: jobParams,
    status: 200,
    answer: jobSchema,
    handle: async ({ backend, params }) => jobOr404(await backend.cancelJob(params.id), params.id),
  }),
]

function jobRequest(spec: z.output<typeof jobSpec>): JobRequest {
  const inputs = spec.inputs.map((item, index) => {
    const tensors = tensorsFromJson(item)
    if (typeof tensors !== 'string') return tensors
    throw new ApiError({ code: 'API_REQUEST_INVALID', at: `inputs.${index}`, problem: tensors })
  })
  return { ...spec, inputs }
}

/** Outputs as canonical CBOR: one array an input, of arrays `[name, type, dims, bytes]`. */
function outputsToCbor(outputs: readonly JobOutput[]): Uint8Array {
  return encodeCbor(
    outputs.map((output) => output.map(({ name, type, dims, data }) => [name, type, dims, data])),
  )
}
