/**
 * Tokenizers of GGUF files in the form of a tokenizer.json, which libraries of tokenizers read.
 *
 * @module
 */

import { PIECE_CHARACTERS_MAX } from '../limits.ts'
import { refuse } from '../refuse.ts'
import type { GgufFile } from './gguf-file.ts'
import { numberList, textList } from './list-values.ts'
import type { PreTokenizer } from './pre-tokenizer.ts'
import { addedTokens, TOKEN_KIND, switchOf, type Vocabulary } from './vocabulary.ts'

/** A part of a tokenizer.json, by its type. */
interface Part {
  readonly type: string
  readonly [key: string]: unknown
}

/** The file's own fields. */
export interface TokenizerJson {
  readonly version: '1.0'
  readonly truncation: null
  readonly padding: null
  readonly added_tokens: readonly object[]
  readonly normalizer: Part | null
  readonly pre_tokenizer: Part | null
  readonly post_processor: Part | null
  readonly decoder: Part
  readonly model: Part
}

type Merge = readonly [string, string]

/** What stands for a space in pieces. */
const SPACE = '▁'

const FRAME = { version: '1.0', truncation: null, padding: null } as const

/** Pairs of bytes, each byte written as a printable letter (tokenizer.ggml.model gpt2). */
export function byteLevelJson(
  file: GgufFile,
  vocabulary: Vocabulary,
  { pre, begin }: { readonly pre: PreTokenizer; readonly begin: number | undefined },
): TokenizerJson {
  const { splits, ignoreMerges, composed } = pre
  const merges = textList(file, 'tokenizer.ggml.merges') ?? []
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
  const split = (expression: string): Part => ({
    type: 'Split',
    pattern: { Regex: expression },
    behavior: 'Isolated',
    invert: false,
  })
  return {
    ...FRAME,
    added_tokens: addedTokens(vocabulary),
    normalizer: composed ? { type: 'NFC' } : null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits.map(split), bytes] },
    post_processor: beginning(vocabulary, begin),
    decoder: bytes,
    model: pairModel(vocabulary, merges.map(pairOf), { ignore_merges: ignoreMerges }),
  }
}

/** Pieces with scores, and single bytes for all else (tokenizer.ggml.model llama). */
export function sentencePieceJson(
  file: GgufFile,
  vocabulary: Vocabulary,
  { unknown, begin }: { readonly unknown: number | undefined; readonly begin: number | undefined },
): TokenizerJson {
  const scores = numberList(file, 'tokenizer.ggml.scores') ?? []
  if (scores.length !== vocabulary.tokens.length) {
    const { length } = vocabulary.tokens
    refuse('GGUF_MODEL_INVALID', `expected scores of ${length} tokens, got ${scores.length}`)
  }
  const prefixed = switchOf(file, 'tokenizer.ggml.add_space_prefix') ?? true
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: SPACE }
  const marks = { type: 'Replace', pattern: { String: SPACE }, content: ' ' }
  const first = { type: 'Strip', content: ' ', start: 1, stop: 0 }
  const decoders = [marks, { type: 'ByteFallback' }, { type: 'Fuse' }]
  return {
    ...FRAME,
    added_tokens: addedTokens(vocabulary),
    normalizer: {
      type: 'Sequence',
      normalizers: prefixed ? [{ type: 'Prepend', prepend: SPACE }, spaces] : [spaces],
    },
    pre_tokenizer: null,
    post_processor: beginning(vocabulary, begin),
    decoder: { type: 'Sequence', decoders: prefixed ? [...decoders, first] : decoders },
    model: pairModel(vocabulary, scoredMerges(vocabulary, scores), {
      unk_token: unknown === undefined ? null : (vocabulary.tokens[unknown] ?? null),
      fuse_unk: true,
      byte_fallback: true,
    }),
  }
}

/** Puts a token before every text. */
function beginning({ tokens }: Vocabulary, begin: number | undefined): Part | null {
  const id = begin === undefined ? undefined : tokens[begin]
  if (id === undefined) return null
  const first = { SpecialToken: { id, type_id: 0 } }
  const text = (name: 'A' | 'B', type: number): object => ({
    Sequence: { id: name, type_id: type },
  })
  return {
    type: 'TemplateProcessing',
    single: [first, text('A', 0)],
    pair: [first, text('A', 0), { SpecialToken: { id, type_id: 1 } }, text('B', 1)],
    special_tokens: { [id]: { id, ids: [begin], tokens: [id] } },
  }
}

function pairModel(
  { tokens }: Vocabulary,
  merges: readonly Merge[],
  options: Readonly<Record<string, unknown>>,
): Part {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    ...options,
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges,
  }
}

/** A left half may itself be a space. */
function pairOf(merge: string): Merge {
  const space = merge.indexOf(' ', 1)
  if (space < 0) refuse('GGUF_MODEL_INVALID', 'expected merges of two parts')
  return [merge.slice(0, space), merge.slice(space + 1)]
}

/**
 * Pairs in the order in which SentencePiece joins them: those of the piece with the highest score first.
 *
 * The file has none; every way to cut a piece into two others is one.
 */
function scoredMerges({ tokens, kinds }: Vocabulary, scores: readonly number[]): readonly Merge[] {
  const pieces = new Set(tokens.filter((_, id) => kinds[id] === TOKEN_KIND.normal))
  const ids = tokens.map((_, id) => id).filter((id) => kinds[id] === TOKEN_KIND.normal)
  const score = (id: number): number => scores[id] ?? 0
  return ids
    .toSorted((a, b) => score(b) - score(a) || a - b)
    .flatMap((id) => halves(tokens[id] ?? '', pieces))
}

function halves(piece: string, pieces: ReadonlySet<string>): Merge[] {
  if (piece.length > PIECE_CHARACTERS_MAX) {
    refuse('GGUF_LIMIT', `expected pieces of at most ${PIECE_CHARACTERS_MAX} characters`)
  }
  return Array.from({ length: Math.max(0, piece.length - 1) }, (_, at): Merge => [
    piece.slice(0, at + 1),
    piece.slice(at + 1),
  ]).filter((pair) => pair.every((half) => pieces.has(half)))
}
