/**
 * Embeddings in the form of OpenAI's API.
 *
 * @module
 */

import { z } from 'zod'
import { modelRef } from './models.ts'
import { placeParameters } from './openai.ts'
import { promptIds, promptText } from './texts.ts'

/** Texts of one request: as OpenAI has it. */
const INPUTS_MAX = 2_048

export const embeddingsRequest = z.looseObject({
  model: modelRef,
  input: z
    .union([
      promptIds,
      promptText,
      z.array(promptText).min(1).max(INPUTS_MAX),
      z.array(promptIds).min(1).max(INPUTS_MAX),
    ])
    .describe('a text or ids of tokens, or a list of such'),
  encoding_format: z
    .enum(['float', 'base64'])
    .nullish()
    .describe('base64 is of float32, the lowest byte first; float when missing'),
  brume: placeParameters,
})

export const embeddingsSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z
        .union([z.array(z.number()), z.string()])
        .describe('the mean of the last hidden states of all tokens, of length 1'),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
})

export type EmbeddingsRequest = z.infer<typeof embeddingsRequest>
export type Embeddings = z.infer<typeof embeddingsSchema>
