/**
 * Where the stages of a model would run, and why.
 *
 * @module
 */

import { z } from 'zod'
import { STAGES_MAX } from './limits.ts'
import { modelRef } from './models.ts'
import {
  bytes,
  layerRange,
  ms,
  peerId,
  providerChoice,
  providerName,
  wireChoice,
  wireType,
} from './scalars.ts'

export const count = z.union([z.literal('auto'), z.int().min(1).max(STAGES_MAX)])
export const objective = z.enum(['latency', 'throughput'])

/** Texts that one device has under way, at most. */
const AT_ONCE_MAX = 64

/** What every device that takes a stage must be. */
export const requirements = z.strictObject({
  tier: z
    .enum(['self', 'mobile', 'tpm', 'tee'])
    .optional()
    .describe('attestation tier at least, by evidence that this device appraised itself'),
  score: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('certified score at least, as brume trust show has it'),
})

export const planRequest = z.strictObject({
  model: modelRef,
  stages: count.default('auto'),
  replicas: count.default('auto'),
  wire: wireChoice.default('auto'),
  objective: objective.default('latency'),
  provider: providerChoice.default('auto'),
  requirements: requirements.optional(),
  atOnce: z
    .int()
    .min(1)
    .max(AT_ONCE_MAX)
    .optional()
    .describe('inputs or texts under way at once; by default 1, or 8 for throughput'),
})

export const plannedStageSchema = z.object({
  replica: z.int().min(0),
  index: z.int().min(0),
  peer: peerId,
  name: z.string().describe('short name of the device'),
  ...layerRange,
  provider: providerName,
  weightBytes: bytes,
  memoryBytes: bytes.describe('weights, activations and the executor itself'),
  fetchBytes: bytes.describe('weights that the device does not hold yet'),
  computeMs: ms.describe('predicted time of one step'),
  transferMs: ms.describe('predicted time to pass its outputs on'),
  cutBytes: bytes.describe('bytes that it passes on'),
  wire: wireType.optional().describe('how floats go to the next stage'),
})

export const planSchema = z.object({
  model: z.string(),
  modelName: z.string(),
  objective,
  unit: z.enum(['input', 'token']).describe('what one step makes: tokens of models that generate'),
  wire: z
    .enum(['f32', 'f16', 'mixed'])
    .describe('how floats cross the cuts: all alike, or each in its way'),
  wireWhy: z.string().optional().describe('why floats cross the cuts in this way, in words'),
  replicas: z.int().min(1),
  stages: z.array(plannedStageSchema),
  predictedMs: ms.describe('one input or token, from the requester and back'),
  predictedLowMs: ms,
  predictedHighMs: ms,
  predictedPerSecond: z.number().describe('inputs or tokens a second, of all that are under way'),
  predictedAtOnce: z.number().describe('inputs or texts that are taken to be under way'),
  predictedFrom: z
    .enum(['benchmark', 'others', 'told', 'probe', 'measured'])
    .describe(
      'what is known of the device that least is known of: what it can do at best, what others did with the model, what it says that the model took it, a test of its stage, or what it did with the model',
    ),
  lastErrorPercent: z
    .number()
    .optional()
    .describe('how far off the last prediction for this way was: above 0 when it came quicker'),
  oneDeviceMs: ms.optional().describe('predicted time of the best single device, if one can'),
  notes: z
    .array(z.string())
    .describe('what the owner should know, such as that one device is faster'),
  notChosen: z.array(z.object({ peer: peerId, name: z.string(), reason: z.string() })),
})

export type PlanRequest = z.infer<typeof planRequest>
export type PlanView = z.infer<typeof planSchema>
export type PlannedStage = z.infer<typeof plannedStageSchema>
