/**
 * Reads a tokenizer.json, and writes it as the library should read it.
 *
 * The library passes over what it does not know and gives other tokens than the model was trained
 * with. So every part is checked by name first; parts that it reads in a way of its own are written
 * as expressions, which it reads exactly.
 *
 * @module
 */

import { textOf } from '../../core/bytes.ts'
import { TextError } from './errors.ts'
import {
  fieldsOf,
  invalid,
  listOf,
  optionalFields,
  unsupported,
  type Fields,
} from './json-fields.ts'
import { beginningOf } from './text-beginning.ts'
import { preTokenizerPart } from './tokenizer-splits.ts'

/** A token that is found in texts as it is. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  /** It steers the model and stands for no text. */
  readonly special: boolean
  readonly fields: Fields
}

export interface TokenizerFile {
  /** By their numbers; undefined where there is none. */
  readonly tokens: readonly (string | undefined)[]
  readonly added: readonly AddedToken[]
  readonly normalizer: Fields | null
  readonly preTokenizer: Fields | null
  readonly decoder: Fields | null
  /** Tokens before every text. */
  readonly beginning: readonly number[]
  readonly model: Fields
}

/** Numbers of tokens. */
const TOKENS_MAX = 2 ** 20
const NORMALIZERS: ReadonlySet<unknown> = new Set([
  'BertNormalizer',
  'Lowercase',
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'Precompiled',
  'Prepend',
  'Replace',
  'Strip',
  'StripAccents',
])
const PARTS_MAX = 64

/**
 * @param vocabulary - Tokens that the model knows.
 * @throws {TextError} TEXT_TOKENIZER_INVALID, TEXT_TOKENIZER_OTHER, TEXT_TOKENIZER_UNSUPPORTED.
 */
export function readTokenizer(bytes: Uint8Array, vocabulary: number): TokenizerFile {
  const file = fieldsOf(parsed(bytes), 'an object')
  const model = fieldsOf(file['model'], 'a model')
  const added = addedTokens(file['added_tokens'])
  const tokens: (string | undefined)[] = []
  for (const [content, id] of vocabularyOf(model)) tokens[id] = content
  const beginning = beginningOf(optionalFields(file['post_processor'], 'a post-processor'))
  checkKnown([tokens.length - 1, ...beginning.map(tokenId)], vocabulary)
  for (const { content, id } of added) tokens[id] = content
  checkMerges(model)
  return {
    // Without holes.
    tokens: Array.from(tokens),
    added,
    normalizer: sequence(file['normalizer'], 'normalizers', normalizerPart),
    preTokenizer: sequence(file['pre_tokenizer'], 'pretokenizers', preTokenizerPart),
    decoder: optionalFields(file['decoder'], 'a decoder'),
    beginning: beginning.map(tokenId),
    model,
  }
}

/** @throws {TextError} TEXT_TOKENIZER_OTHER when the model does not know one of `tokens`. */
export function checkKnown(tokens: readonly number[], vocabulary: number): void {
  const token = tokens.find((each) => each >= vocabulary)
  if (token === undefined) return
  throw new TextError({ code: 'TEXT_TOKENIZER_OTHER', token, vocabulary })
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes) ?? '')
  } catch {
    // Where the text breaks off is of no use to anybody.
    return undefined
  }
}

function addedTokens(value: unknown): AddedToken[] {
  if (value === undefined || value === null) return []
  return listOf(value, 'a list of added tokens').map((entry) => {
    const fields = fieldsOf(entry, 'added tokens')
    const { content } = fields
    if (typeof content !== 'string' || content === '') throw invalid('added tokens with content')
    const special = fields['special'] === true
    return { id: tokenId(fields['id']), content, special, fields }
  })
}

function vocabularyOf(model: Fields): readonly (readonly [string, number])[] {
  const { type, vocab } = model
  if (type === 'Unigram') {
    return listOf(vocab, 'a list of pieces').map((piece, id) => {
      const [content, score] = listOf(piece, 'pieces')
      if (typeof content !== 'string' || typeof score !== 'number') {
        throw invalid('pieces with scores')
      }
      return [content, tokenId(id)]
    })
  }
  if (type !== 'BPE' && type !== 'WordPiece') throw unsupported('a model', type)
  return Object.entries(fieldsOf(vocab, 'a vocabulary')).map(([content, id]) => [
    content,
    tokenId(id),
  ])
}

function tokenId(value: unknown): number {
  const fits = Number.isInteger(value) && (value as number) >= 0 && (value as number) < TOKENS_MAX
  if (fits) return value as number
  throw invalid(`numbers of tokens below ${TOKENS_MAX}`)
}

function checkMerges({ type, merges, continuing_subword_prefix: prefix }: Fields): void {
  if (type !== 'BPE') return
  if (typeof prefix === 'string' && prefix !== '') throw unsupported('a model', 'with a prefix')
  const list = listOf(merges, 'a list of merges')
  const isPair = (merge: unknown): boolean =>
    Array.isArray(merge) && merge.length === 2 && merge.every((half) => typeof half === 'string')
  // The library looks at the first one.
  const fits = Array.isArray(list[0])
    ? list.every(isPair)
    : list.every((merge) => typeof merge === 'string' && merge.includes(' ', 1))
  if (!fits) throw invalid('merges of two parts')
}

/** The parts of a tree of sequences, in their order. */
export function sequence(
  value: unknown,
  key: 'normalizers' | 'pretokenizers' | 'decoders',
  read: (part: Fields) => readonly Fields[],
): Fields | null {
  const parts: Fields[] = []
  const walk = (node: unknown, depth: number): void => {
    const fields = fieldsOf(node, `parts of ${key}`)
    if (parts.length > PARTS_MAX || depth > PARTS_MAX) throw invalid(`fewer ${key}`)
    if (fields['type'] !== 'Sequence') parts.push(...read(fields))
    else for (const inner of listOf(fields[key], `a list of ${key}`)) walk(inner, depth + 1)
  }
  if (value === undefined || value === null) return null
  walk(value, 0)
  return { type: 'Sequence', [key]: parts }
}

function normalizerPart(part: Fields): readonly Fields[] {
  if (NORMALIZERS.has(part['type'])) return [part]
  throw unsupported('a normalizer', part['type'])
}
