/**
 * How a tokenizer.json splits texts into words, as expressions.
 *
 * What the library would split by expressions of its own differs from the reference in letters that
 * JavaScript sees in another way: digits and spaces beyond ASCII. Expressions it translates exactly.
 *
 * @module
 */

import { invalid, unsupported, type Fields } from './json-fields.ts'

/** The expression of ByteLevel: that of GPT-2. */
const GPT2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

const AS_THEY_ARE: ReadonlySet<unknown> = new Set([
  'BertPreTokenizer',
  'FixedLength',
  'Metaspace',
  'WhitespaceSplit',
])

/** The same as a part that the library reads exactly; refuses what it would read in another way. */
export function preTokenizerPart(part: Fields): readonly Fields[] {
  const { type } = part
  if (AS_THEY_ARE.has(type)) return [part]
  switch (type) {
    case 'Digits':
      return [isolated(part['individual_digits'] === true ? String.raw`\p{N}` : String.raw`\p{N}+`)]
    case 'Whitespace':
      return [{ ...isolated(String.raw`\w+|[^\w\s]+`), behavior: 'Removed', invert: true }]
    case 'ByteLevel':
      return byteLevel(part)
    case 'Split':
      return [split(part)]
    default:
      throw unsupported('a pre-tokenizer', type)
  }
}

function isolated(expression: string): Fields {
  return { type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false }
}

/** A space before the text comes before the splitting: then the library must do both. */
function byteLevel(part: Fields): readonly Fields[] {
  if (part['add_prefix_space'] === true || part['use_regex'] === false) return [part]
  return [isolated(GPT2), { ...part, use_regex: false }]
}

function split(part: Fields): Fields {
  const { behavior, invert, pattern } = part
  const known = behavior === 'Isolated' || behavior === 'Removed'
  if (!known || (invert === true && behavior !== 'Removed')) {
    throw unsupported('a split', behavior)
  }
  const { Regex: expression, String: text } = (pattern ?? {}) as Fields
  if (typeof expression === 'string' || typeof text === 'string') return part
  throw invalid('splits with a pattern')
}
