/**
 * Plain prompts in the form of OpenAI's API.
 *
 * @module
 */

import { z } from 'zod'
import {
  completionHead,
  completionParameters,
  finishReason,
  textRunSchema,
  usageSchema,
} from './openai.ts'
import { answerTokens, promptIds, promptText } from './texts.ts'

const ALTERNATIVES_MAX = 5

export const completionRequest = z.looseObject({
  ...completionParameters,
  prompt: z
    .union([promptIds, promptText, z.tuple([promptText]), z.tuple([promptIds])])
    .describe('a text or ids of tokens; a list has one of them'),
  max_tokens: answerTokens.nullish().describe('16 when missing'),
  logprobs: z.int().min(0).max(ALTERNATIVES_MAX).nullish().describe('alternatives of each token'),
})

export const completionLogprobsSchema = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(z.int()).describe('characters of the answer before each token'),
})

/** Answer and chunk have one form; only the last chunk and the answer say how the text ended. */
export const completionSchema = z.object({
  ...completionHead,
  object: z.literal('text_completion'),
  choices: z.array(
    z.object({
      index: z.literal(0),
      text: z.string(),
      logprobs: completionLogprobsSchema.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: usageSchema.nullable().optional(),
  brume: textRunSchema.optional(),
})

export type CompletionRequest = z.infer<typeof completionRequest>
export type CompletionLogprobs = z.infer<typeof completionLogprobsSchema>
export type Completion = z.infer<typeof completionSchema>
