/**
 * Jobs: a model, its inputs, and what became of them.
 *
 * @module
 */

import { z } from 'zod'
import type { Tensor } from '../../../core/tensor.ts'
import { JOB_INPUTS_MAX } from './limits.ts'
import { modelRef } from './models.ts'
import { count, objective, planSchema, requirements } from './plan.ts'
import { problemSchema } from './problem.ts'
import {
  bytes,
  layerRange,
  ms,
  peerId,
  providerChoice,
  providerName,
  sha256,
  wallMs,
  wireChoice,
} from './scalars.ts'
import { namedTensorsSchema } from './tensors.ts'

export const jobSpec = z.strictObject({
  model: modelRef,
  inputs: z
    .array(namedTensorsSchema)
    .min(1)
    .max(JOB_INPUTS_MAX)
    .describe('one item for each run of the model'),
  stages: count.default('auto'),
  replicas: count.default('auto'),
  wire: wireChoice.default('auto'),
  objective: objective.default('latency'),
  provider: providerChoice.default('auto'),
  requirements: requirements.optional(),
  deadlineMs: z.int().min(1).max(86_400_000).optional().describe('from now on, for the whole job'),
})

/** A job as the daemon gets it: inputs are tensors, each item in the order in which it was sent. */
export type JobRequest = Omit<z.infer<typeof jobSpec>, 'inputs'> & {
  readonly inputs: readonly (readonly Tensor[])[]
}

export const jobState = z.enum([
  'queued',
  'planning',
  'loading',
  'running',
  'done',
  'failed',
  'cancelled',
])

export const jobStageSchema = z.object({
  replica: z.int().min(0),
  index: z.int().min(0),
  peer: peerId,
  name: z.string().describe('short name of the device'),
  ...layerRange,
  provider: providerName,
  state: z.enum(['waiting', 'fetching', 'loading', 'ready', 'running', 'lost', 'closed']),
  steps: z.int().describe('inputs that passed through it'),
  computeMs: ms.optional().describe('median time of a step within the executor'),
  transferMs: ms.optional().describe('median time from the stage before, beyond its computing'),
  bytesIn: bytes,
  bytesOut: bytes,
  weightBytes: bytes,
})

export const hopSchema = z.object({
  replica: z.int().min(0),
  from: z.string().describe('`requester` or the index of a stage'),
  to: z
    .string()
    .describe('index of a stage or `requester`; from the last stage to `0` in the ring of a text'),
  bytes: bytes.describe('bytes of one step, median'),
  p50Ms: ms,
  p95Ms: ms,
})

export const recoverySchema = z.object({
  replica: z.int().min(0),
  stage: z.int().min(0),
  fromPeer: peerId,
  toPeer: peerId,
  ms: ms.describe('from noticing the loss to the next step going through'),
  code: z.string().describe('why the stage was lost'),
  copiedRows: z
    .int()
    .min(0)
    .describe('rows of a text whose keys and values were copied; 0 when the text was run again'),
})

export const jobProgressSchema = z.object({ inputsDone: z.int(), inputsTotal: z.int() })

export const receiptSchema = z.object({
  replica: z.int().min(0),
  stage: z.int().min(0),
  peer: peerId,
  hash: z.string().describe('hash of the receipt that the stage signed, in hex'),
})

export const settlementSchema = z.object({
  replica: z.int().min(0),
  stage: z.int().min(0),
  peer: peerId,
  id: z.string().describe('the task of the receipt in the ledgers of both devices, in hex'),
  state: z
    .enum(['ordered', 'accepted', 'delivered', 'acknowledged', 'revealed', 'settled', 'disputed'])
    .describe('the last half of the receipt'),
  credits: z.number().min(0).describe('granted so far'),
  megaflops: z.int().min(0).describe('millions of operations that were settled'),
})

export const jobSchema = z.object({
  id: z.string(),
  model: z.string(),
  modelName: z.string(),
  state: jobState,
  error: problemSchema.optional(),
  createdMs: wallMs,
  finishedMs: wallMs.optional(),
  plan: planSchema.optional(),
  progress: jobProgressSchema,
  stages: z.array(jobStageSchema),
  hops: z.array(hopSchema),
  recoveries: z.array(recoverySchema),
  receipts: z.array(receiptSchema),
  settlements: z.array(settlementSchema).default([]),
  outputs: z
    .array(z.object({ input: z.int(), sha256, bytes }))
    .describe('SHA-256 over the output tensors of each input, in the order of the model'),
  predictedMs: ms.optional().describe('one input, as planned'),
  measuredMs: ms.optional().describe('one input, median'),
  measuredPerSecond: z
    .number()
    .optional()
    .describe('inputs a second, from the first output to the last'),
  overhead: z
    .object({ p50Ms: ms, p95Ms: ms })
    .optional()
    .describe('one input, beyond the computing of its stages: links, queues and hand-overs'),
  totalMs: ms.optional().describe('the whole job, loading included'),
  notes: z.array(z.string()),
})

export const jobListSchema = z.object({ jobs: z.array(jobSchema.omit({ plan: true })) })

/** The outputs of one input. */
export type JobOutput = readonly Tensor[]

export const jobOutputsSchema = z.object({
  id: z.string(),
  outputs: z.array(namedTensorsSchema).describe('one item for each input'),
})

/** Events of a job; after `done`, `failed` or `cancelled` there are no more. */
export const jobEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), state: jobState }),
  z.object({ type: z.literal('plan'), plan: planSchema }),
  z.object({ type: z.literal('stage'), stage: jobStageSchema }),
  z.object({ type: z.literal('progress'), ...jobProgressSchema.shape }),
  z.object({ type: z.literal('recovery'), recovery: recoverySchema }),
  z.object({ type: z.literal('note'), text: z.string() }),
  z.object({ type: z.literal('done'), job: jobSchema }),
  z.object({ type: z.literal('failed'), error: problemSchema }),
  z.object({ type: z.literal('cancelled') }),
])

export type JobSpec = z.input<typeof jobSpec>
export type JobView = z.infer<typeof jobSchema>
export type JobList = z.infer<typeof jobListSchema>
export type JobStage = z.infer<typeof jobStageSchema>
export type JobEvent = z.infer<typeof jobEventSchema>
export type JobState = z.infer<typeof jobState>
export type JobHop = z.infer<typeof hopSchema>
export type Settlement = z.infer<typeof settlementSchema>
export type JobRecovery = z.infer<typeof recoverySchema>
