/**
 * Chats in the form of OpenAI's API.
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
import { answerTokens } from './texts.ts'

const MESSAGES_MAX = 4_096
const PARTS_MAX = 1_024
const ALTERNATIVES_MAX = 20

const chatMessage = z.looseObject({
  role: z.string().min(1).max(64),
  content: z
    .union([
      z.string(),
      z
        .array(z.looseObject({ type: z.string(), text: z.string().optional() }))
        .max(PARTS_MAX)
        .describe('parts of type text'),
    ])
    .nullish(),
})

export const chatRequest = z
  .looseObject({
    ...completionParameters,
    messages: z.array(chatMessage).min(1).max(MESSAGES_MAX),
    max_tokens: answerTokens.nullish(),
    max_completion_tokens: answerTokens.nullish().describe('2,048 when missing'),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(ALTERNATIVES_MAX).nullish(),
  })
  .refine(({ logprobs, top_logprobs }) => logprobs === true || (top_logprobs ?? 0) === 0, {
    path: ['top_logprobs'],
    message: 'expected logprobs to be true',
  })

const tokenLogprob = {
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()).nullable().describe('null for a part of a character'),
}

export const chatLogprobsSchema = z.object({
  content: z.array(z.object({ ...tokenLogprob, top_logprobs: z.array(z.object(tokenLogprob)) })),
  refusal: z.null(),
})

export const chatCompletionSchema = z.object({
  ...completionHead,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.object({
      index: z.literal(0),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string(),
        refusal: z.null(),
      }),
      logprobs: chatLogprobsSchema.nullable(),
      finish_reason: finishReason,
    }),
  ),
  usage: usageSchema,
})

export const chatChunkSchema = z.object({
  ...completionHead,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.object({
      index: z.literal(0),
      delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
      logprobs: chatLogprobsSchema.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: usageSchema.nullable().optional(),
  brume: textRunSchema.optional(),
})

export type ChatRequest = z.infer<typeof chatRequest>
export type ChatLogprobs = z.infer<typeof chatLogprobsSchema>
export type ChatCompletion = z.infer<typeof chatCompletionSchema>
export type ChatChunk = z.infer<typeof chatChunkSchema>
