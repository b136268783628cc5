/**
 * Routes for programs that were written for OpenAI's API.
 *
 * @module
 */

import { ChatForm } from '../openai/chat-form.ts'
import { embeddingsAnswer, embedRequest } from '../openai/embeddings.ts'
import { PlainForm } from '../openai/plain-form.ts'
import { chatText, completionText } from '../openai/requested-text.ts'
import { answers, completes, type Route } from '../route.ts'
import { chatChunkSchema, chatCompletionSchema, chatRequest } from '../schemas/chat-completions.ts'
import { completionRequest, completionSchema } from '../schemas/completions.ts'
import { embeddingsRequest, embeddingsSchema } from '../schemas/embeddings.ts'
import type { CompletionParameters } from '../schemas/openai.ts'

function streaming({ stream, stream_options }: CompletionParameters) {
  return {
    streams: stream === true,
    includesUsage: stream === true && stream_options?.include_usage === true,
  }
}

export const openAiRoutes: readonly Route[] = [
  completes({
    method: 'POST',
    path: '/v1/chat/completions',
    summary: 'Let a model answer a conversation, in the form of OpenAI',
    body: chatRequest,
    largeBody: true,
    answer: chatCompletionSchema,
    chunk: chatChunkSchema,
    ask: (body) => {
      const asked = streaming(body)
      const alternatives = body.logprobs === true ? (body.top_logprobs ?? 0) : undefined
      return { text: chatText(body), form: new ChatForm({ alternatives, ...asked }), ...asked }
    },
  }),
  completes({
    method: 'POST',
    path: '/v1/completions',
    summary: 'Let a model write on from a prompt, in the form of OpenAI',
    body: completionRequest,
    largeBody: true,
    answer: completionSchema,
    chunk: completionSchema,
    ask: (body) => {
      const asked = streaming(body)
      const alternatives = body.logprobs ?? undefined
      return {
        text: completionText(body),
        form: new PlainForm({ alternatives, ...asked }),
        ...asked,
      }
    },
  }),
  answers({
    method: 'POST',
    path: '/v1/embeddings',
    summary: 'Texts as vectors, in the form of OpenAI',
    body: embeddingsRequest,
    largeBody: true,
    openAiErrors: 'instead',
    status: 200,
    answer: embeddingsSchema,
    handle: async ({ backend, body, signal }) =>
      embeddingsAnswer(await backend.embed(embedRequest(body), signal), body.encoding_format),
  }),
]
