import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { text, truth } from '../../test/fixtures/gguf-writer.ts'
import {
  byteLevelMetadata,
  realMetadata,
  realTokenizer,
  sentencePieceMetadata,
  textOfMetadata,
} from '../../test/fixtures/tokenizers.ts'
import { TEXT_CHARACTERS_MAX, TextCodec } from './text-codec.ts'
import { textOfTokens, TextStream } from './text-stream.ts'

const CODECS = {
  'byte pairs': new TextCodec(textOfMetadata(byteLevelMetadata())),
  'Llama 3': new TextCodec(
    textOfMetadata(byteLevelMetadata({ 'tokenizer.ggml.pre': text('llama-bpe') })),
  ),
  'Mistral NeMo': new TextCodec(
    textOfMetadata(byteLevelMetadata({ 'tokenizer.ggml.pre': text('tekken') })),
  ),
  'the default': new TextCodec(
    textOfMetadata(byteLevelMetadata({ 'tokenizer.ggml.pre': text('default') })),
  ),
  pieces: new TextCodec(textOfMetadata(sentencePieceMetadata())),
  'pieces without a first space': new TextCodec(
    textOfMetadata(sentencePieceMetadata({ 'tokenizer.ggml.add_space_prefix': truth(false) })),
  ),
}
const NAMES = Object.keys(CODECS) as (keyof typeof CODECS)[]
const PLAIN = { control: false, begin: false } as const
const OPEN = { control: true, begin: false } as const
const PARTS = [
  'hello',
  ' world',
  'é',
  '😀',
  '\uFDD0',
  '\uFDD1',
  '<|end|>',
  '</s>',
  '\uFEFF',
  '\u0085',
  '▁',
]

/** Any text that is one: letters, marks and controls of all planes. */
const anyText = fc
  .array(fc.oneof(fc.constantFrom(...PARTS), fc.string({ unit: 'binary' })))
  .map((parts) => parts.join(''))

describe('texts and tokens', () => {
  it.each(NAMES)('give back what was written, in %s', (name) => {
    const codec = CODECS[name]
    fc.assert(
      fc.property(anyText, (written) => {
        // What stands for spaces in pieces is a space to them.
        const expected = name.startsWith('pieces') ? written.replaceAll('▁', ' ') : written
        expect(textOfTokens(codec.table, codec.encode(written, PLAIN))).toBe(expected)
      }),
    )
  })

  it.each(NAMES)('are the same token by token, in whole characters, in %s', (name) => {
    const { table } = CODECS[name]
    const token = fc.nat(table.size + 3)
    fc.assert(
      fc.property(fc.array(token), (tokens) => {
        const stream = new TextStream(table, { atStart: true })
        const pieces = [...tokens.map((each) => stream.push(each)), stream.end()]
        const bytes = Buffer.concat(tokens.map((each) => table.bytesOf(each)))
        const first = table.spaceFirst && bytes[0] === 0x20 ? 1 : 0
        expect(pieces.join('')).toBe(bytes.subarray(first).toString())
        expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
      }),
    )
  })

  it('are those of the real tokenizer', () => {
    const real = realTokenizer()
    const codec = new TextCodec(textOfMetadata(realMetadata(real)))
    for (const { text: written, tokens } of real.texts) {
      expect(codec.encode(written, OPEN), written).toEqual(tokens)
      const control = tokens.filter((token) => codec.table.isControl(token))
      if (control.length === 0 && !written.includes('\u0004')) {
        expect(textOfTokens(codec.table, tokens)).toBe(written)
      }
    }
  })

  it('hold a character back until its last byte has come', () => {
    const codec = CODECS['byte pairs']
    const stream = new TextStream(codec.table, { atStart: true })
    const tokens = codec.encode('😀h', PLAIN)
    expect(tokens.map((token) => stream.push(token))).toEqual(['', '', '😀', 'h'])
    expect(stream.push(tokens[0] ?? 0) + stream.end()).toBe('\uFFFD')
  })

  it('begin without the space that pieces begin with, and go on with it', () => {
    const codec = CODECS['pieces']
    const tokens = codec.encode('hello', PLAIN)
    expect(textOfTokens(codec.table, tokens)).toBe('hello')
    expect(textOfTokens(codec.table, tokens, { atStart: false })).toBe(' hello')
  })

  it('begin with the begin token where there is one', () => {
    expect(CODECS['pieces'].encode('', { control: false, begin: true })).toEqual([1])
    expect(CODECS['byte pairs'].encode('', { control: false, begin: true })).toEqual([])
    expect(CODECS['Llama 3'].encode('h', { control: false, begin: true })).toEqual([1, 106])
  })

  it.each(NAMES)('name no control token, however they are written, in %s', (name) => {
    const codec = CODECS[name]
    const parts = fc.constantFrom(
      '<',
      '|',
      'end',
      'turn',
      '|>',
      '<|',
      '</',
      's',
      '>',
      '<|end|>',
      '</s>',
      '<s>',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(parts), (written) => {
        const tokens = codec.encode(written.join(''), PLAIN)
        expect(tokens.filter((token) => codec.table.isControl(token))).toEqual([])
      }),
    )
  })

  it('name control tokens where their author may', () => {
    expect(CODECS['byte pairs'].encode('<|turn|>h<|end|>', OPEN)).toEqual([1, 106, 0])
    expect(CODECS['pieces'].encode('</s>', OPEN)).toEqual([2])
  })

  it('take nothing that is no text for text', () => {
    const codec = CODECS['byte pairs']
    expect(textOfTokens(codec.table, codec.encode('a\uD800b', PLAIN))).toBe('a\uFFFDb')
    expect([...codec.table.bytesOf(1e9)]).toEqual([])
  })

  it('are not longer than is accepted', () => {
    const long = 'x'.repeat(TEXT_CHARACTERS_MAX + 1)
    expect(() => CODECS['byte pairs'].encode(long, PLAIN)).toThrow('expected a text of at most')
  })
})

const base = {
  added_tokens: [{ id: 1, content: '<end>', special: true }],
  normalizer: null,
  pre_tokenizer: null,
  decoder: null,
  model: { type: 'BPE', vocab: { a: 0 }, merges: [] },
}
const split = { type: 'Split', pattern: { Regex: 'a' }, behavior: 'Isolated', invert: false }

function refusal(change: object): unknown {
  try {
    const tokenizer = utf8(JSON.stringify({ ...base, ...change }))
    const init = { beginToken: undefined, stopTokens: [], chatTemplate: undefined }
    expect(new TextCodec({ ...init, tokenizer, vocabulary: 2 }).table.size).toBe(2)
    return undefined
  } catch (error) {
    return error instanceof Error ? `${errorCode(error)} ${error.message}` : error
  }
}

describe('a tokenizer from elsewhere', () => {
  it('is taken as it is', () => {
    expect(refusal({})).toBeUndefined()
    expect(refusal({ pre_tokenizer: { type: 'Sequence', pretokenizers: [split] } })).toBeUndefined()
    expect(refusal({ decoder: { type: 'Metaspace', replacement: '▁' } })).toBeUndefined()
    const cls = { type: 'RobertaProcessing', cls: ['<end>', 1], sep: ['<end>', 1] }
    const processors = [{ type: 'ByteLevel' }, cls]
    expect(refusal({ post_processor: { type: 'Sequence', processors } })).toBeUndefined()
  })

  it.each([
    ['a model of words', { model: { type: 'WordLevel' } }, /UNSUPPORTED.*a model WordLevel$/],
    ['a model of no kind', { model: {} }, /UNSUPPORTED.*a model of another kind$/],
    ['no model', { model: 3 }, /INVALID expected a model in/],
    [
      'a vocabulary that is none',
      { model: { type: 'BPE', vocab: [], merges: [] } },
      /a vocabulary/,
    ],
    [
      'numbers that are none',
      { model: { type: 'BPE', vocab: { a: -1 }, merges: [] } },
      /numbers of/,
    ],
    ['huge numbers', { model: { type: 'BPE', vocab: { a: 1e9 }, merges: [] } }, /numbers of/],
    ['no merges', { model: { type: 'BPE', vocab: { a: 0 } } }, /a list of merges/],
    ['merges of one', { model: { type: 'BPE', vocab: { a: 0 }, merges: ['a'] } }, /two parts/],
    [
      'merges of three',
      { model: { type: 'BPE', vocab: {}, merges: [['a', 'b', 'c']] } },
      /two parts/,
    ],
    ['pieces without scores', { model: { type: 'Unigram', vocab: [['a']] } }, /pieces with scores/],
    ['added tokens without content', { added_tokens: [{ id: 1 }] }, /added tokens with content/],
    ['a normalizer of its own', { normalizer: { type: 'Magic' } }, /a normalizer Magic$/],
    ['a splitting of its own', { pre_tokenizer: { type: 'Magic' } }, /a pre-tokenizer Magic$/],
    [
      'a splitting that joins',
      { pre_tokenizer: { ...split, behavior: 'MergedWithNext' } },
      /a split Merg/,
    ],
    [
      'a splitting by nothing',
      { pre_tokenizer: { ...split, pattern: {} } },
      /splits with a pattern/,
    ],
    [
      'a splitting that is no expression',
      { pre_tokenizer: { ...split, pattern: { Regex: '(' } } },
      /valid exp/,
    ],
    [
      'a post-processor of its own',
      { post_processor: { type: 'Magic' } },
      /a post-processor Magic$/,
    ],
    [
      'a beginning that is none',
      {
        post_processor: {
          type: 'TemplateProcessing',
          single: [{ SpecialToken: { id: 'x' } }, { Sequence: {} }],
        },
      },
      /tokens of a template/,
    ],
    ['a decoder of its own', { decoder: { type: 'CTC' } }, /a decoder CTC$/],
    [
      'a decoder that takes more',
      { decoder: { type: 'Strip', content: 'x', start: 1, stop: 0 } },
      /Strip$/,
    ],
  ])('is refused with %s', (_, change, message) => {
    expect(refusal(change)).toMatch(message)
  })

  it.each([
    ['a word', { model: { type: 'BPE', vocab: { a: 0, b: 2 }, merges: [] } }],
    [
      'a piece',
      {
        model: {
          type: 'Unigram',
          vocab: [
            ['a', 0],
            ['b', 0],
            ['c', 0],
          ],
        },
      },
    ],
    [
      'a beginning',
      { post_processor: { type: 'RobertaProcessing', cls: ['x', 2], sep: ['x', 2] } },
    ],
  ])('is refused with %s that the model does not know', (_, change) => {
    expect(refusal(change)).toBe(
      'TEXT_TOKENIZER_OTHER expected a tokenizer of tokens below 2, got 2',
    )
  })

  it('gives no token that the model does not know, though it has one', () => {
    const added = [...base.added_tokens, { id: 2, content: '<new>', special: true }]
    const tokenizer = utf8(JSON.stringify({ ...base, added_tokens: added }))
    const words = { beginToken: undefined, stopTokens: [], chatTemplate: undefined }
    const codec = new TextCodec({ ...words, tokenizer, vocabulary: 2 })
    const encode = (given: string) => codec.encode(given, { control: true, begin: false })
    expect([encode('a<end>'), codec.table.size]).toEqual([[0, 1], 2])
    expect(() => encode('a<new>')).toThrow('expected a tokenizer of tokens below 2, got 2')
  })

  it('is refused when it is no JSON, or nests without end', () => {
    const init = { beginToken: undefined, stopTokens: [], chatTemplate: undefined, vocabulary: 2 }
    const read = (tokenizer: Uint8Array) => () => new TextCodec({ ...init, tokenizer })
    expect(read(utf8('{"model"'))).toThrow('expected an object in the tokenizer')
    expect(read(Uint8Array.of(0xff))).toThrow('expected an object in the tokenizer')
    const deep = '{"type":"Sequence","normalizers":['.repeat(100) + ']}'.repeat(100)
    const nested = JSON.stringify(base).replace('"normalizer":null', `"normalizer":${deep}`)
    expect(read(utf8(nested))).toThrow('expected fewer normalizers')
  })
})
