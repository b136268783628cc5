/**
 * The tokens of a GGUF file, and what each is for.
 *
 * @module
 */

import { refuse } from '../refuse.ts'
import type { GgufFile } from './gguf-file.ts'
import { numberList, textList } from './list-values.ts'

/** Kinds of tokens (llama_token_type of llama.h). */
export const TOKEN_KIND = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 } as const

export interface Vocabulary {
  /** By their numbers. */
  readonly tokens: readonly string[]
  readonly kinds: readonly number[]
}

/** A token that is found in texts as it is, before anything else. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly single_word: false
  readonly lstrip: false
  readonly rstrip: false
  readonly normalized: false
  /** It steers the model and stands for no text. */
  readonly special: boolean
}

/** Refuses a file without tokens or with more than `most`, with one token twice, or with kinds of others. */
export function readVocabulary(file: GgufFile, most: number): Vocabulary {
  const tokens = textList(file, 'tokenizer.ggml.tokens') ?? []
  if (tokens.length < 1 || tokens.length > most) {
    refuse('GGUF_MODEL_INVALID', `expected 1 to ${most} tokens, got ${tokens.length}`)
  }
  if (new Set(tokens).size < tokens.length) {
    refuse('GGUF_MODEL_INVALID', 'expected each token once')
  }
  const kinds = numberList(file, 'tokenizer.ggml.token_type') ?? tokens.map(() => TOKEN_KIND.normal)
  if (kinds.length !== tokens.length) {
    refuse('GGUF_MODEL_INVALID', `expected kinds of ${tokens.length} tokens, got ${kinds.length}`)
  }
  return { tokens, kinds }
}

/** Tokens that are no parts of words. */
export function addedTokens({ tokens, kinds }: Vocabulary): AddedToken[] {
  return tokens.flatMap((content, id) => {
    const kind = kinds[id]
    const special = kind === TOKEN_KIND.control || kind === TOKEN_KIND.unknown
    if ((!special && kind !== TOKEN_KIND.userDefined) || content === '') return []
    const exact = { single_word: false, lstrip: false, rstrip: false, normalized: false } as const
    return [{ id, content, ...exact, special }]
  })
}

/** The number of a token under `key`, or undefined when there is no such key. */
export function tokenNumber(
  { metadata }: GgufFile,
  key: string,
  { tokens }: Vocabulary,
): number | undefined {
  const value = metadata.get(key)
  if (value === undefined) return undefined
  const id = typeof value === 'bigint' ? Number(value) : value
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < tokens.length) return id
  return refuse('GGUF_MODEL_INVALID', `expected one of ${tokens.length} tokens in ${key}`)
}

/** A switch of the metadata, or undefined when there is no such key. */
export function switchOf({ metadata }: GgufFile, key: string): boolean | undefined {
  const value = metadata.get(key)
  if (value === undefined || typeof value === 'boolean') return value
  return refuse('GGUF_MALFORMED', `expected true or false in ${key}`)
}
