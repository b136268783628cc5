/**
 * What chats and completions have in common, in the form of OpenAI's API.
 *
 * Clients of that API send more than is known here, and null where they mean nothing: requests are
 * loose, and what would change an answer without being there is refused by name
 * (openai/unsupported-parameters.ts).
 *
 * @module
 */

import { z } from 'zod'
import { modelRef } from './models.ts'
import { grammarText, stopString, textSchema, textSpec, TOKEN_MAX } from './texts.ts'

const STOPS_MAX = 4
const BIASES_MAX = 1_024

const tokenId = z
  .string()
  .regex(/^\d{1,6}$/, 'expected the id of a token')
  .refine((id) => Number(id) <= TOKEN_MAX, `expected at most ${TOKEN_MAX}`)

export const placeParameters = z
  .strictObject({
    stages: textSpec.shape.stages,
    wire: textSpec.shape.wire,
    provider: textSpec.shape.provider,
    deadlineMs: textSpec.shape.deadlineMs,
  })
  .nullish()
  .describe('not of OpenAI; where the text is written, as for `/v1/texts`')

/** Parameters of both kinds of request. */
export const completionParameters = {
  model: modelRef,
  stream: z.boolean().nullish(),
  stream_options: z
    .looseObject({
      include_usage: z.boolean().nullish().describe('one more chunk at the end, with the usage'),
    })
    .nullish(),
  temperature: z.number().min(0).max(2).nullish().describe('1 when missing'),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish().describe('the same seed, the same answer; drawn when missing'),
  stop: z
    .union([stopString, z.array(stopString).max(STOPS_MAX)])
    .nullish()
    .describe('strings that end the answer, and are not part of it'),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z
    .record(tokenId, z.number().min(-100).max(100))
    .refine((biases) => Object.keys(biases).length <= BIASES_MAX, 'too many tokens')
    .nullish(),
  response_format: z
    .looseObject({
      type: z.string(),
      json_schema: z.looseObject({ schema: z.unknown() }).optional(),
    })
    .nullish()
    .describe('text, json_object, or json_schema with a schema that guides the answer'),
  grammar: grammarText.nullish().describe('not of OpenAI; a grammar in GBNF, as for `/v1/texts`'),
  top_k: z.int().min(0).max(524_288).nullish().describe('not of OpenAI; 0 for all tokens'),
  min_p: z.number().min(0).max(1).nullish().describe('not of OpenAI'),
  repetition_penalty: z.number().min(0.1).max(10).nullish().describe('not of OpenAI'),
  brume: placeParameters,
}

export type CompletionParameters = z.infer<z.ZodObject<typeof completionParameters>>

export const finishReason = z.enum(['stop', 'length'])

export const usageSchema = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
})

/** How the text was written, for requests with the header `x-brume-timing: 1`. */
export const textRunSchema = textSchema.pick({
  id: true,
  seed: true,
  exact: true,
  stages: true,
  hops: true,
  recoveries: true,
  times: true,
})

/** The beginning of every answer and every chunk. */
export const completionHead = {
  id: z.string().describe('ends with the id of the text: `GET /v1/texts/:id` tells more'),
  created: z.int().describe('seconds since the epoch'),
  model: z.string(),
  system_fingerprint: z.string().describe('of the weights: equal ones answer a seed equally'),
}

export const openAiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.enum(['invalid_request_error', 'rate_limit_error', 'server_error']),
    param: z.string().nullable().describe('the part of the request that is meant'),
    code: z.string().describe('stable code of the failure, as everywhere in Brume'),
  }),
})

/** What OpenAI's clients look for in a model. */
const modelCard = {
  object: z.literal('model'),
  created: z.int().describe('seconds since the epoch'),
  owned_by: z.string(),
}

export const modelCardSchema = z.object(modelCard)

/** What OpenAI's clients look for in a list of models. */
export const modelCardsSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({ id: z.string().describe('its name, if no other has it'), ...modelCard }),
  ),
})

export type Usage = z.infer<typeof usageSchema>
export type OpenAiError = z.infer<typeof openAiErrorSchema>
export type ModelCard = z.infer<typeof modelCardSchema>
export type ModelCards = z.infer<typeof modelCardsSchema>
