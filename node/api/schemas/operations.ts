/**
 * Work that takes longer than a request: imports, builds, downloads and verifications.
 *
 * @module
 */

import { z } from 'zod'
import { problemSchema } from './problem.ts'
import { modelSummarySchema } from './models.ts'
import { wallMs } from './scalars.ts'

export const operationKind = z.enum(['import', 'build', 'pull', 'verify'])

export const operationProgressSchema = z.object({
  step: z.string().describe('what is being done, in a word or two'),
  done: z.number().min(0),
  total: z.number().min(0).describe('0 when it is not known'),
  unit: z.enum(['bytes', 'layers', 'blobs', 'steps']),
})

export const operationSchema = z.object({
  id: z.string(),
  kind: operationKind,
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  createdMs: wallMs,
  model: z.string().optional().describe('id of the model, once it is known'),
  progress: operationProgressSchema.optional(),
  result: modelSummarySchema.optional(),
  error: problemSchema.optional(),
})

export const operationRefSchema = z.object({ operation: z.string() })

/** Events of an operation; after `done`, `failed` or `cancelled` there are no more. */
export const operationEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), ...operationProgressSchema.shape }),
  z.object({ type: z.literal('note'), text: z.string() }),
  z.object({ type: z.literal('done'), result: modelSummarySchema.optional() }),
  z.object({ type: z.literal('failed'), error: problemSchema }),
  z.object({ type: z.literal('cancelled') }),
])

export type OperationView = z.infer<typeof operationSchema>
export type OperationProgress = z.infer<typeof operationProgressSchema>
export type OperationEvent = z.infer<typeof operationEventSchema>
export type OperationRef = z.infer<typeof operationRefSchema>
