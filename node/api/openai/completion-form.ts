/**
 * What a form of OpenAI's API makes of a text: one answer, or a sequence of chunks.
 *
 * @module
 */

import type { TextRequest, TextEventView, TextView } from '../schemas/texts.ts'
import type { Usage } from '../schemas/openai.ts'

/** Tokens that were drawn, and what they add to the text. */
export type TextPiece = Pick<Extract<TextEventView, { type: 'tokens' }>, 'text' | 'tokens'>

/** Lives for one answer: it may count what it has told already. */
export interface CompletionForm<Answer, Chunk> {
  /** What stands before the first piece, if anything. */
  first(text: TextView): Chunk | undefined
  /** Undefined for a piece that says nothing in this form. */
  piece(text: TextView, piece: TextPiece): Chunk | undefined
  last(text: TextView): Chunk
  usage(text: TextView): Chunk
  whole(text: TextView, pieces: readonly TextPiece[]): Answer
}

/** What a request comes down to. */
export interface CompletionAsk<Answer, Chunk> {
  readonly text: TextRequest
  readonly form: CompletionForm<Answer, Chunk>
  readonly streams: boolean
  /** Whether a stream ends with one more chunk that has the usage. */
  readonly includesUsage: boolean
}

/** What every answer and chunk begins with. */
export function headOf({ id, createdMs, modelName, model }: TextView, prefix: string) {
  return {
    id: `${prefix}-${id}`,
    created: Math.floor(createdMs / 1000),
    model: modelName,
    system_fingerprint: `fp_${model.slice(0, 12)}`,
  }
}

export function usageOf({ promptTokens, cachedTokens, answerTokens }: TextView): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: answerTokens,
    total_tokens: promptTokens + answerTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  }
}

/** How the text ended; one that is over always says so. */
export function finishOf({ finish }: TextView): 'stop' | 'length' {
  return finish ?? 'stop'
}
