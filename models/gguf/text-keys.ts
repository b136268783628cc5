/**
 * What a GGUF file says about text: its template, and the tokens that begin and end it.
 *
 * @module
 */

import { TEMPLATE_CHARACTERS_MAX } from '../limits.ts'
import { refuse } from '../refuse.ts'
import type { TextWords } from '../text/text-outline.ts'
import type { GgufFile } from './gguf-file.ts'

/** Keys of tokens that end an answer: of a sequence, of a turn, and of a message. */
const STOPS = ['eos', 'eot', 'eom'] as const

/** The words of a file for a model of `vocabulary` tokens. Refuses tokens beyond it. */
export function textKeysOf(file: GgufFile, vocabulary: number): TextWords {
  const token = (name: string): number | undefined => tokenOf(file, name, vocabulary)
  const chatTemplate = file.metadata.get('tokenizer.chat_template')
  if (typeof chatTemplate === 'string' && chatTemplate.length > TEMPLATE_CHARACTERS_MAX) {
    refuse(
      'GGUF_LIMIT',
      `expected a chat template of at most ${TEMPLATE_CHARACTERS_MAX} characters`,
    )
  }
  return {
    tokenizer: undefined,
    chatTemplate: typeof chatTemplate === 'string' ? chatTemplate : undefined,
    beginToken: token('bos'),
    stopTokens: [...new Set(STOPS.flatMap((name) => token(name) ?? []))],
  }
}

function tokenOf({ metadata }: GgufFile, name: string, vocabulary: number): number | undefined {
  const key = `tokenizer.ggml.${name}_token_id`
  const value = metadata.get(key)
  if (value === undefined) return undefined
  if (typeof value === 'number' && value < vocabulary) return value
  return refuse('GGUF_MODEL_INVALID', `expected a token below ${vocabulary} for ${key}`)
}
