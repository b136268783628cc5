/**
 * What a GGUF file says of texts: its tokenizer, where texts begin and end, how chats are written.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import { plainWord } from '../checkpoint/plain-word.ts'
import type { Result } from '../errors.ts'
import { TEMPLATE_CHARACTERS_MAX, TOKENIZER_BYTES_MAX, VOCABULARY_MAX } from '../limits.ts'
import { attempt, refuse } from '../refuse.ts'
import { NO_WORDS, type TextWords } from '../text/text-outline.ts'
import type { GgufFile } from './gguf-file.ts'
import { preTokenizer } from './pre-tokenizer.ts'
import { byteLevelJson, sentencePieceJson, type TokenizerJson } from './tokenizer-json.ts'
import { readVocabulary, switchOf, TOKEN_KIND, tokenNumber, type Vocabulary } from './vocabulary.ts'

const TOKENIZER = 'tokenizer.ggml'

/** Keys of tokens that end a sequence, a turn and a message. */
const STOP_KEYS = ['eos_token_id', 'eot_token_id', 'eom_token_id']

/** Control tokens that end an answer whatever the file calls them: many files name just one of several. */
const STOP_WORDS: ReadonlySet<string> = new Set([
  '<|endoftext|>',
  '<|end_of_text|>',
  '<|im_end|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end|>',
  '<end_of_turn>',
])

/**
 * The words of a file, none when it holds no tokenizer.
 *
 * @returns GGUF_UNSUPPORTED for a tokenizer that is not known, by its name; GGUF_MODEL_INVALID when its parts do not fit.
 */
export function ggufText(file: GgufFile): Result<TextWords> {
  return attempt(() => ggufWords(file, VOCABULARY_MAX))
}

/** The same for a model with logits for `vocabulary` tokens. Refuses tokens beyond them. */
export function ggufWords(file: GgufFile, vocabulary: number): TextWords {
  const model = file.metadata.get(`${TOKENIZER}.model`)
  const chatTemplate = templateOf(file)
  if (model === undefined) return { ...NO_WORDS, chatTemplate }
  const words = readVocabulary(file, vocabulary)
  const tokenizer = utf8(JSON.stringify(tokenizerOf(file, model, words)))
  if (tokenizer.length > TOKENIZER_BYTES_MAX) {
    refuse('GGUF_LIMIT', `expected a tokenizer of at most ${TOKENIZER_BYTES_MAX} bytes`)
  }
  const beginToken = tokenNumber(file, `${TOKENIZER}.bos_token_id`, words)
  return { tokenizer, chatTemplate, beginToken, stopTokens: stopTokens(file, words) }
}

function tokenizerOf(file: GgufFile, model: unknown, vocabulary: Vocabulary): TokenizerJson {
  if (model === 'llama') {
    const unknown = tokenNumber(file, `${TOKENIZER}.unknown_token_id`, vocabulary)
    const begin = beginOf(file, vocabulary, true)
    return sentencePieceJson(file, vocabulary, { unknown, begin })
  }
  if (model !== 'gpt2') {
    const got = plainWord(typeof model === 'string' ? model : '')
    return refuse('GGUF_UNSUPPORTED', `expected a tokenizer of gpt2 or llama, got ${got}`)
  }
  const name = file.metadata.get(`${TOKENIZER}.pre`) ?? 'default'
  const pre = preTokenizer(typeof name === 'string' ? name : '')
  return byteLevelJson(file, vocabulary, { pre, begin: beginOf(file, vocabulary, pre.begins) })
}

/** The token that stands before every text, or undefined when none does. */
function beginOf(file: GgufFile, vocabulary: Vocabulary, usual: boolean): number | undefined {
  const begins = switchOf(file, `${TOKENIZER}.add_bos_token`) ?? usual
  return begins ? tokenNumber(file, `${TOKENIZER}.bos_token_id`, vocabulary) : undefined
}

/** The end of a sequence first. */
function stopTokens(file: GgufFile, vocabulary: Vocabulary): readonly number[] {
  const named = STOP_KEYS.flatMap(
    (key) => tokenNumber(file, `${TOKENIZER}.${key}`, vocabulary) ?? [],
  )
  const { tokens, kinds } = vocabulary
  const spelt = tokens.flatMap((token, id) =>
    kinds[id] === TOKEN_KIND.control && STOP_WORDS.has(token) ? [id] : [],
  )
  return [...new Set([...named, ...spelt])]
}

function templateOf({ metadata }: GgufFile): string | undefined {
  const template = metadata.get('tokenizer.chat_template')
  if (template === undefined) return undefined
  if (typeof template !== 'string') {
    return refuse('GGUF_MALFORMED', 'expected a text in tokenizer.chat_template')
  }
  if (template.length <= TEMPLATE_CHARACTERS_MAX) return template
  const most = TEMPLATE_CHARACTERS_MAX
  return refuse('GGUF_LIMIT', `expected a chat template of at most ${most} characters`)
}
