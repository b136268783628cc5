/**
 * How texts are split before pairs of bytes are joined, by the name that a GGUF file gives (tokenizer.ggml.pre).
 *
 * The name stands for the expressions of the tokenizer that the model was trained with; a wrong
 * one gives tokens that the model has hardly seen. So an unknown name is refused.
 *
 * @module
 */

import { refuse } from '../refuse.ts'
import { plainWord } from '../checkpoint/plain-word.ts'

export interface PreTokenizer {
  /** Expressions in Oniguruma's syntax: each splits what the one before left, and keeps all. */
  readonly splits: readonly string[]
  /** A word that is a token needs no pairs. */
  readonly ignoreMerges: boolean
  /** Texts begin with the begin token, unless the file says otherwise. */
  readonly begins: boolean
  /** Texts are put into the composed form of Unicode (NFC) first. */
  readonly composed: boolean
}

const GPT2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
const DIGIT = String.raw`\p{N}`

/** What Llama 3 and Qwen2 share, with as many digits at once as each allows. */
function words(digits: string): string {
  const shortened = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)`
  return String.raw`${shortened}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
}

const PLAIN = { ignoreMerges: false, begins: false, composed: false } as const

const LLAMA3: PreTokenizer = {
  splits: [words(String.raw`\p{N}{1,3}`)],
  ignoreMerges: true,
  begins: true,
  composed: false,
}
const QWEN2: PreTokenizer = { ...PLAIN, splits: [words(DIGIT)], composed: true }
const DEFAULT: PreTokenizer = {
  ...PLAIN,
  splits: [String.raw`[\p{P}\$\+<=>\^~\|]+`, GPT2, String.raw`\p{N}+`, '[0-9][0-9][0-9]'],
}

/** Of Mistral NeMo and later: a word is capitals and then small letters, so that camel case falls apart. */
const capitals = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
const smalls = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
const before = String.raw`[^\r\n\p{L}\p{N}]?`
const TEKKEN: PreTokenizer = {
  ...LLAMA3,
  splits: [
    String.raw`${before}${capitals}*${smalls}+|${before}${capitals}+${smalls}*|${DIGIT}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  ],
}

const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map([
  ['default', DEFAULT],
  ['gpt-2', { ...PLAIN, splits: [GPT2] }],
  ['smollm', { ...PLAIN, splits: [DIGIT, GPT2] }],
  ['llama3', LLAMA3],
  ['llama-v3', LLAMA3],
  ['llama-bpe', LLAMA3],
  ['qwen2', QWEN2],
  ['deepseek-r1-qwen', QWEN2],
  ['tekken', TEKKEN],
])

/** The splitting with this name. Refuses unknown names. */
export function preTokenizer(name: string): PreTokenizer {
  const known = [...PRE_TOKENIZERS.keys()].join(', ')
  return (
    PRE_TOKENIZERS.get(name) ??
    refuse(
      'GGUF_UNSUPPORTED',
      `expected a tokenizer that splits as one of ${known}, got ${plainWord(name)}`,
    )
  )
}
