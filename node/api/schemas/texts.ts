/**
 * Texts: a prompt, what a model says after it, and how it was said.
 *
 * @module
 */

import { z } from 'zod'
import {
  jobStageSchema,
  hopSchema,
  receiptSchema,
  recoverySchema,
  settlementSchema,
} from './jobs.ts'
import { modelRef } from './models.ts'
import { count, objective, planSchema, requirements } from './plan.ts'
import { problemSchema } from './problem.ts'
import { ms, providerChoice, wallMs, wireChoice } from './scalars.ts'

/** Characters of a prompt, or of all messages together. */
const PROMPT_CHARACTERS_MAX = 4_194_304
/** Tokens of a prompt, and of an answer. */
const TOKENS_MAX = 1_048_576
const MESSAGES_MAX = 4_096
const STOPS_MAX = 16
const STOP_CHARACTERS_MAX = 256
const ALTERNATIVES_MAX = 20
const BIASES_MAX = 1_024

/** Largest id of a token. */
export const TOKEN_MAX = 524_287

const token = z.int().min(0).max(TOKEN_MAX)
export const promptText = z.string().max(PROMPT_CHARACTERS_MAX)
export const promptIds = z.array(token).min(1).max(TOKENS_MAX)
export const answerTokens = z.int().min(1).max(TOKENS_MAX)
export const stopString = z.string().min(1).max(STOP_CHARACTERS_MAX)

/** What protocols/inference takes. */
const GRAMMAR_CHARACTERS_MAX = 16_384
export const grammarText = z.string().min(1).max(GRAMMAR_CHARACTERS_MAX)

export const samplingSpec = z.strictObject({
  temperature: z.number().min(0).max(100).default(1).describe('0 always takes the likeliest token'),
  topK: z.int().min(0).max(524_288).default(0).describe('0 for all tokens'),
  topP: z.number().gt(0).max(1).default(1),
  minP: z.number().min(0).max(1).default(0),
  repetitionPenalty: z.number().min(0.1).max(10).default(1),
  repetitionWindow: z.int().min(0).max(TOKENS_MAX).default(64),
  frequencyPenalty: z.number().min(-2).max(2).default(0),
  presencePenalty: z.number().min(-2).max(2).default(0),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe('drawn when missing'),
  logprobs: z.int().min(0).max(ALTERNATIVES_MAX).default(0).describe('alternatives of each token'),
  logitBias: z
    .array(z.strictObject({ token, bias: z.number().min(-100).max(100) }))
    .max(BIASES_MAX)
    .default([]),
  minTokens: z.int().min(0).max(TOKENS_MAX).default(0),
})

/** One message of a conversation; templates may look at other fields as well. */
export const messageSpec = z.looseObject({
  role: z.string().min(1).max(64),
  content: z.unknown(),
})

export const textSpec = z
  .strictObject({
    model: modelRef,
    prompt: promptText.optional(),
    promptTokens: promptIds.optional(),
    messages: z.array(messageSpec).min(1).max(MESSAGES_MAX).optional(),
    tokensMax: answerTokens.default(256).describe('tokens of the answer'),
    sampling: samplingSpec.prefault({}),
    stop: z
      .array(stopString)
      .max(STOPS_MAX)
      .default([])
      .describe('strings that end the answer, and are not part of it'),
    grammar: grammarText
      .optional()
      .describe('lets the answer be of this grammar, in the notation of llama.cpp (GBNF)'),
    schema: z.unknown().optional().describe('lets the answer be JSON that fits this JSON schema'),
    ignoreStopTokens: z.boolean().default(false).describe('go on behind the end, to measure'),
    speculation: z
      .enum(['auto', 'off'])
      .default('auto')
      .describe('guess tokens that the text has had before, where it pays; never changes one'),
    standby: z
      .enum(['auto', 'always', 'off'])
      .default('auto')
      .describe(
        'load each stage on a second device: always, or where the first promises too little',
      ),
    hashLogits: z.boolean().default(false).describe('give the SHA-256 of the logits of each token'),
    stages: count.default('auto'),
    objective: objective.default('latency').describe('throughput shares the layers out evenly'),
    wire: wireChoice.default('auto'),
    provider: providerChoice.default('auto'),
    requirements: requirements.optional(),
    deadlineMs: z.int().min(1).max(86_400_000).optional().describe('from now on, for all of it'),
  })
  .refine(
    ({ prompt, promptTokens, messages }) =>
      [prompt, promptTokens, messages].filter((each) => each !== undefined).length === 1,
    'expected one of prompt, promptTokens and messages',
  )
  .refine(
    ({ grammar, schema }) => grammar === undefined || schema === undefined,
    'expected one of grammar and schema',
  )
  .refine(
    ({ grammar, schema, ignoreStopTokens }) =>
      !ignoreStopTokens || (grammar === undefined && schema === undefined),
    { path: ['ignoreStopTokens'], message: 'expected false with a grammar or schema' },
  )

const logprob = z.number().describe('natural logarithm of the probability')

export const drawnSchema = z.object({
  token: z.int(),
  text: z.string().describe('what it adds, in whole characters'),
  logprob: logprob.optional(),
  alternatives: z.array(z.object({ token: z.int(), text: z.string(), logprob })).optional(),
  logitsHash: z.string().optional().describe('SHA-256 in hex'),
})

export const textState = z.enum(['planning', 'loading', 'running', 'done', 'failed', 'cancelled'])
export const textFinish = z.enum(['stop', 'length'])

export const textTimesSchema = z.object({
  loadMs: ms.optional().describe('until all stages were ready'),
  firstTokenMs: ms.optional().describe('from the request to the first token'),
  promptPerSecond: z.number().optional().describe('tokens of the prompt a second'),
  tokensPerSecond: z.number().optional().describe('tokens a second, from the first to the last'),
  predictedPerSecond: z.number().optional().describe('tokens a second, as foreseen'),
  gapP50Ms: ms.optional().describe('between two tokens, median'),
  gapP95Ms: ms.optional(),
  gapMaxMs: ms.optional(),
  totalMs: ms.optional(),
})

export const textSchema = z.object({
  id: z.string(),
  model: z.string(),
  modelName: z.string(),
  state: textState,
  error: problemSchema.optional(),
  createdMs: wallMs,
  finishedMs: wallMs.optional(),
  text: z.string().describe('the answer so far'),
  finish: textFinish.optional(),
  promptTokens: z.int(),
  cachedTokens: z.int().describe('tokens of the prompt that no stage had to run again'),
  answerTokens: z.int(),
  seed: z.int(),
  exact: z
    .boolean()
    .optional()
    .describe(
      'every stage proved that its bits do not depend on how it runs, and none went on in another numeric class',
    ),
  drafts: z.object({ made: z.int(), right: z.int() }),
  plan: planSchema.optional(),
  stages: z.array(jobStageSchema),
  hops: z.array(hopSchema),
  recoveries: z.array(recoverySchema),
  receipts: z.array(receiptSchema),
  settlements: z.array(settlementSchema).default([]),
  times: textTimesSchema,
  notes: z.array(z.string()),
})

export const textListSchema = z.object({ texts: z.array(textSchema.omit({ plan: true })) })

/** Events of a text; after `done`, `failed` or `cancelled` there are no more. */
export const textEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), state: textState }),
  z.object({ type: z.literal('plan'), plan: planSchema }),
  z.object({ type: z.literal('stage'), stage: jobStageSchema }),
  z.object({
    type: z.literal('tokens'),
    text: z.string().describe('what may be shown of it: less while a stop string may begin'),
    tokens: z.array(drawnSchema),
    hopsMs: z.array(ms).describe('time that each stage held this step'),
  }),
  z.object({ type: z.literal('recovery'), recovery: recoverySchema }),
  z.object({ type: z.literal('note'), text: z.string() }),
  z.object({ type: z.literal('done'), result: textSchema }),
  z.object({ type: z.literal('failed'), error: problemSchema }),
  z.object({ type: z.literal('cancelled') }),
])

export type TextSpec = z.input<typeof textSpec>
export type TextRequest = z.output<typeof textSpec>
export type TextView = z.infer<typeof textSchema>
export type TextList = z.infer<typeof textListSchema>
export type TextState = z.infer<typeof textState>
export type TextFinish = z.infer<typeof textFinish>
export type TextEventView = z.infer<typeof textEventSchema>
export type DrawnView = z.infer<typeof drawnSchema>
