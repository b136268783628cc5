/**
 * The text that a request in the form of OpenAI's API asks for.
 *
 * @module
 */

import { ApiError } from '../errors.ts'
import type { ChatRequest } from '../schemas/chat-completions.ts'
import type { CompletionRequest } from '../schemas/completions.ts'
import type { CompletionParameters } from '../schemas/openai.ts'
import { textSpec, type TextRequest, type TextSpec } from '../schemas/texts.ts'
import { refuseUnsupported } from './unsupported-parameters.ts'

/** Tokens of an answer whose length nobody bounds: room for all of them is taken beforehand. */
const CHAT_TOKENS = 2_048
/** As OpenAI has it. */
const COMPLETION_TOKENS = 16
/** OpenAI takes a share of nothing for the likeliest token. */
const TOP_P_MIN = 1e-6

/** @throws {ApiError} API_PARAMETER_UNSUPPORTED. */
export function chatText(request: ChatRequest): TextRequest {
  refuseUnsupported(request)
  const { max_completion_tokens, max_tokens, logprobs, top_logprobs } = request
  return textSpec.parse({
    ...commonOf(request, logprobs === true ? (top_logprobs ?? 0) : undefined),
    messages: request.messages.map((message, index) => ({
      ...message,
      // Templates know the older name of whoever sets the rules.
      role: message.role === 'developer' ? 'system' : message.role,
      content: contentText(message.content ?? '', index),
    })),
    tokensMax: max_completion_tokens ?? max_tokens ?? CHAT_TOKENS,
  })
}

/** @throws {ApiError} API_PARAMETER_UNSUPPORTED. */
export function completionText(request: CompletionRequest): TextRequest {
  refuseUnsupported(request)
  return textSpec.parse({
    ...commonOf(request, request.logprobs ?? undefined),
    ...promptOf(request.prompt),
    tokensMax: request.max_tokens ?? COMPLETION_TOKENS,
  })
}

/** @param alternatives - Of each token, with its probability; undefined for none of it. */
function commonOf(
  request: CompletionParameters,
  alternatives: number | undefined,
): Omit<TextSpec, 'prompt' | 'promptTokens' | 'messages' | 'tokensMax'> {
  const { model, stop, top_p, seed, logit_bias } = request
  const biases = Object.entries(logit_bias ?? {})
  return {
    ...request.brume,
    model,
    ...guideOf(request),
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    sampling: given({
      temperature: request.temperature,
      topK: request.top_k,
      topP: top_p === 0 ? TOP_P_MIN : top_p,
      minP: request.min_p,
      repetitionPenalty: request.repetition_penalty,
      frequencyPenalty: request.frequency_penalty,
      presencePenalty: request.presence_penalty,
      seed: typeof seed === 'number' ? naturalSeed(seed) : undefined,
      // Probabilities come with at least one alternative; the answer leaves out what was not asked for.
      logprobs: alternatives === undefined ? 0 : Math.max(1, alternatives),
      logitBias: biases.map(([token, bias]) => ({ token: Number(token), bias })),
    }),
  }
}

/**
 * What an answer has to be. Every schema is kept to, whether it is `strict` or not.
 *
 * @throws {ApiError} API_PARAMETER_UNSUPPORTED for a form that is not known, or for two.
 */
function guideOf({
  response_format: format,
  grammar,
}: CompletionParameters): Pick<TextSpec, 'schema' | 'grammar'> {
  const schema = schemaOf(format)
  if (grammar === undefined || grammar === null) return schema === undefined ? {} : { schema }
  if (schema === undefined) return { grammar }
  throw new ApiError({
    code: 'API_PARAMETER_UNSUPPORTED',
    parameter: 'grammar',
    expected: 'none beside response_format',
  })
}

/** The schema of a form; undefined for plain text. */
function schemaOf(format: CompletionParameters['response_format']): unknown {
  const { type = 'text', json_schema } = format ?? {}
  if (type === 'text') return undefined
  if (type === 'json_object') return { type: 'object' }
  if (type === 'json_schema') return json_schema?.schema ?? { type: 'object' }
  throw new ApiError({
    code: 'API_PARAMETER_UNSUPPORTED',
    parameter: 'response_format',
    expected: 'the type text, json_object or json_schema',
  })
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], null | undefined> }

/** Only what is there: clients send null for what they leave to others. */
function given<T extends object>(values: T): Given<T> {
  const entries = Object.entries(values).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  return Object.fromEntries(entries) as Given<T>
}

/** Seeds below 0 stand at the far end, where no other seed is that people type. */
function naturalSeed(seed: number): number {
  return seed < 0 ? seed + Number.MAX_SAFE_INTEGER : seed
}

/** Parts of a content are paragraphs of one text. */
function contentText(
  content: NonNullable<ChatRequest['messages'][number]['content']>,
  message: number,
): string {
  if (typeof content === 'string') return content
  const texts = content.map(({ type, text }, part) => {
    if (type === 'text' && text !== undefined) return text
    const parameter = `messages.${message}.content.${part}`
    throw new ApiError({ code: 'API_PARAMETER_UNSUPPORTED', parameter, expected: 'a text' })
  })
  return texts.join('\n')
}

function promptOf(prompt: CompletionRequest['prompt']): Pick<TextSpec, 'prompt' | 'promptTokens'> {
  if (typeof prompt === 'string') return { prompt }
  const [first] = prompt
  if (typeof first === 'string') return { prompt: first }
  return { promptTokens: typeof first === 'number' ? (prompt as number[]) : (first ?? []) }
}
