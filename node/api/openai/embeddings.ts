/**
 * Embeddings, as a request in the form of OpenAI's API asks for them and as its answer gives them.
 *
 * @module
 */

import type { EmbeddedTexts, EmbedRequest } from '../backend.ts'
import { ApiError } from '../errors.ts'
import type { Embeddings, EmbeddingsRequest } from '../schemas/embeddings.ts'
import { textSpec } from '../schemas/texts.ts'

/** What is embedded. @throws {ApiError} API_PARAMETER_UNSUPPORTED. */
export function embedRequest({ model, input, brume, ...rest }: EmbeddingsRequest): EmbedRequest {
  const { dimensions } = rest
  if (dimensions !== undefined && dimensions !== null) {
    throw new ApiError({
      code: 'API_PARAMETER_UNSUPPORTED',
      parameter: 'dimensions',
      expected: 'none',
    })
  }
  const texts = inputsOf(input).map((each) =>
    textSpec.parse({
      ...brume,
      model,
      ...(typeof each === 'string' ? { prompt: each } : { promptTokens: [...each] }),
      tokensMax: 1,
    }),
  )
  return { model, texts }
}

function inputsOf(input: EmbeddingsRequest['input']): readonly (string | readonly number[])[] {
  if (typeof input === 'string') return [input]
  // The schema says that all are of one kind.
  return typeof input[0] === 'number' ? [input as number[]] : (input as string[] | number[][])
}

/** The answer. */
export function embeddingsAnswer(
  { modelName, vectors, promptTokens }: EmbeddedTexts,
  format: EmbeddingsRequest['encoding_format'],
): Embeddings {
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'base64' ? base64(vector) : [...vector],
    })),
    model: modelName,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  }
}

function base64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
