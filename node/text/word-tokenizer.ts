/**
 * The library's tokenizer, without control tokens: no text gives one, whatever its expressions and merges are.
 *
 * @module
 */

import { TextError } from './errors.ts'
import type { Fields } from './json-fields.ts'
import { Tokenizer } from './libraries.ts'
import type { TokenizerFile } from './tokenizer-file.ts'

/** Second halves of two pairs of UTF-16: in no text that is one, whatever stands before them. */
const ANCHOR = '\uDC00\uDC00'

export class WordTokenizer {
  readonly #tokenizer: Tokenizer

  /** @throws {TextError} TEXT_TOKENIZER_INVALID when an expression is none. */
  constructor(file: TokenizerFile) {
    const { added, normalizer, preTokenizer, tokens } = file
    // Stands before texts that go on: the library treats only the first part of a text as its beginning.
    const anchor = { id: tokens.length, content: ANCHOR, special: false, normalized: false }
    const words = added.filter(({ special }) => !special).map(({ fields }) => fields)
    try {
      this.#tokenizer = new Tokenizer(
        {
          added_tokens: [...words, anchor],
          normalizer,
          pre_tokenizer: preTokenizer,
          post_processor: null,
          decoder: null,
          model: withoutControl(file),
        },
        {},
      )
    } catch (error) {
      const failure = { code: 'TEXT_TOKENIZER_INVALID', expected: 'valid expressions' } as const
      throw new TextError(failure, { cause: error })
    }
  }

  /** @param text - Well-formed, not empty. */
  encode(text: string, { atStart }: { readonly atStart: boolean }): number[] {
    const given = atStart ? text : `${ANCHOR}${text}`
    const { ids } = this.#tokenizer.encode(given, { add_special_tokens: false })
    // Of a piece that no token stands for nothing is left, as in the reference.
    const known = ids.filter((id) => id !== undefined)
    return atStart ? known : known.slice(1)
  }
}

/** The model, whose vocabulary lacks the control tokens, but for the one that stands for all that is unknown. */
function withoutControl({ added, model }: TokenizerFile): Fields {
  const { type, vocab, unk_token: unknown } = model
  const special = added.filter((token) => token.special && token.content !== unknown)
  if (type === 'Unigram') {
    const ids = new Set(special.map(({ id }) => id))
    const pieces = (vocab as readonly (readonly [string, number])[]).map((piece, id) =>
      ids.has(id) && id !== model['unk_id'] ? [`${ANCHOR}${id}`, piece[1]] : piece,
    )
    return { ...model, vocab: pieces }
  }
  const words = new Set(special.map(({ content }) => content))
  const entries = Object.entries(vocab as Fields).filter(([content]) => !words.has(content))
  return { ...model, vocab: Object.fromEntries(entries) }
}
