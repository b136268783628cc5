import { describe, expect, it } from 'vitest'
import {
  float32,
  ggufBytes,
  numbers,
  text,
  texts,
  truth,
  uint32,
  type GgufInit,
} from '../../test/fixtures/gguf-writer.ts'
import {
  byteLevelMetadata,
  sentencePieceMetadata,
  textOfMetadata,
} from '../../test/fixtures/tokenizers.ts'
import { readGguf } from './gguf-file.ts'
import { ggufText } from './gguf-text.ts'

function read(metadata: GgufInit['metadata']) {
  const file = ggufBytes({ metadata, tensors: {} })
  const head = readGguf(file, file.length)
  return head.type === 'value' ? ggufText(head.value) : head
}

const SMALL = {
  'tokenizer.ggml.model': text('gpt2'),
  'tokenizer.ggml.pre': text('gpt-2'),
  'tokenizer.ggml.tokens': texts(['<|endoftext|>', 'a', ' ', 'a ', '<think>']),
  'tokenizer.ggml.token_type': numbers(5, [3, 1, 1, 1, 4]),
  'tokenizer.ggml.merges': texts(['a  ']),
} satisfies GgufInit['metadata']

const PIECES = {
  'tokenizer.ggml.model': text('llama'),
  'tokenizer.ggml.tokens': texts(['<unk>', 'a', 'b', 'ab', 'aba', '<0x41>']),
  'tokenizer.ggml.token_type': numbers(5, [2, 1, 1, 1, 1, 6]),
  'tokenizer.ggml.scores': numbers(6, [0, -3, -4, -2, -1, 0]),
  'tokenizer.ggml.unknown_token_id': uint32(0),
} satisfies GgufInit['metadata']

const json = (metadata: GgufInit['metadata']): unknown =>
  JSON.parse(Buffer.from(textOfMetadata(metadata).tokenizer).toString())

describe('the text side of a GGUF file', () => {
  it('is a tokenizer.json of byte pairs', () => {
    const added = { single_word: false, lstrip: false, rstrip: false, normalized: false }
    expect(json(SMALL)).toMatchObject({
      version: '1.0',
      added_tokens: [
        { id: 0, content: '<|endoftext|>', ...added, special: true },
        { id: 4, content: '<think>', ...added, special: false },
      ],
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
        ],
      },
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        ignore_merges: false,
        vocab: { '<|endoftext|>': 0, a: 1, ' ': 2, 'a ': 3, '<think>': 4 },
        merges: [['a', ' ']],
      },
    })
  })

  it('is a tokenizer.json of pieces, joined in the order of their scores', () => {
    expect(json(PIECES)).toMatchObject({
      normalizer: {
        normalizers: [
          { type: 'Prepend', prepend: '▁' },
          { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        ],
      },
      pre_tokenizer: null,
      decoder: {
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ],
      },
      model: {
        type: 'BPE',
        unk_token: '<unk>',
        byte_fallback: true,
        merges: [
          ['ab', 'a'],
          ['a', 'b'],
        ],
      },
    })
    const bare = { ...PIECES, 'tokenizer.ggml.add_space_prefix': truth(false) }
    expect(json(bare)).toMatchObject({
      normalizer: { normalizers: [{ type: 'Replace' }] },
      decoder: { decoders: [{ type: 'Replace' }, { type: 'ByteFallback' }, { type: 'Fuse' }] },
    })
  })

  it('puts texts of Qwen2 into their composed form', () => {
    const qwen = { ...SMALL, 'tokenizer.ggml.pre': text('qwen2') }
    expect(json(qwen)).toMatchObject({ normalizer: { type: 'NFC' } })
  })

  it('splits texts of Mistral NeMo at capitals, digits and slashes', () => {
    const tekken = json({ ...SMALL, 'tokenizer.ggml.pre': text('tekken') }) as {
      readonly pre_tokenizer: {
        readonly pretokenizers: readonly { readonly pattern?: { readonly Regex: string } }[]
      }
    }
    const [split] = tekken.pre_tokenizer.pretokenizers
    const expression = new RegExp(split?.pattern?.Regex ?? '', 'gu')
    const pieces = (words: string) => words.match(expression)
    expect(tekken).toMatchObject({ normalizer: null, model: { ignore_merges: true } })
    expect(pieces("HTTPServer camelCase don't 123")).toEqual([
      'HTTPServer',
      ' camel',
      'Case',
      ' don',
      "'t",
      ' ',
      '1',
      '2',
      '3',
    ])
    expect(pieces('a//\n\nÉté ΑΒγ 漢字かな  x')).toEqual([
      'a',
      '//\n\n',
      'Été',
      ' ΑΒγ',
      ' 漢字かな',
      ' ',
      ' x',
    ])
  })

  it.each([
    ['byte pairs begin with nothing', byteLevelMetadata(), undefined],
    [
      'unless the file says so',
      byteLevelMetadata({ 'tokenizer.ggml.add_bos_token': truth(true) }),
      1,
    ],
    ['or they are of Llama 3', byteLevelMetadata({ 'tokenizer.ggml.pre': text('llama-bpe') }), 1],
    ['or of Mistral NeMo', byteLevelMetadata({ 'tokenizer.ggml.pre': text('tekken') }), 1],
    ['pieces begin with a token', sentencePieceMetadata(), 1],
    [
      'unless the file says otherwise',
      sentencePieceMetadata({ 'tokenizer.ggml.add_bos_token': truth(false) }),
      undefined,
    ],
  ])('knows how texts begin: %s', (_, metadata, token) => {
    expect(textOfMetadata(metadata).beginToken).toBe(1)
    const { post_processor: after } = json(metadata) as { post_processor: object | null }
    const word = metadata['tokenizer.ggml.model']?.value === 'llama' ? '<s>' : '<|turn|>'
    const special = { special_tokens: { [word]: { ids: [token] } } }
    if (token === undefined) expect(after).toBeNull()
    else expect(after).toMatchObject({ type: 'TemplateProcessing', ...special })
  })

  it('knows what ends an answer, by its key and by its name', () => {
    expect(textOfMetadata(byteLevelMetadata()).stopTokens).toEqual([0])
    const turn = byteLevelMetadata({ 'tokenizer.ggml.eot_token_id': uint32(1) })
    expect(textOfMetadata(turn).stopTokens).toEqual([0, 1])
    const other = byteLevelMetadata({ 'tokenizer.ggml.eos_token_id': uint32(1) })
    expect(textOfMetadata(other).stopTokens).toEqual([1, 0])
    expect(textOfMetadata(SMALL).stopTokens).toEqual([0])
    expect(textOfMetadata(PIECES).stopTokens).toEqual([])
  })

  it('keeps the chat template', () => {
    const template = '{{ messages[0].content }}'
    const metadata = { ...SMALL, 'tokenizer.chat_template': text(template) }
    expect(textOfMetadata(metadata).chatTemplate).toBe(template)
    expect(textOfMetadata(SMALL).chatTemplate).toBeUndefined()
  })

  it('is not there without a tokenizer', () => {
    const file = { 'general.architecture': text('llama') }
    expect(read(file)).toMatchObject({
      type: 'value',
      value: { tokenizer: undefined, stopTokens: [] },
    })
  })

  it.each([
    [
      'a model of another kind',
      { 'tokenizer.ggml.model': text('t5') },
      /^GGUF_UNSUPPORTED.*got t5$/,
    ],
    [
      'another splitting',
      { 'tokenizer.ggml.pre': text('viking') },
      /^GGUF_UNSUPPORTED.*got viking$/,
    ],
    ['an unprintable name', { 'tokenizer.ggml.pre': text('a b') }, /got an unprintable name$/],
    ['no tokens', { 'tokenizer.ggml.tokens': texts([]) }, /^GGUF_MODEL_INVALID/],
    [
      'a token twice',
      { 'tokenizer.ggml.tokens': texts(['a', 'a', 'b', 'c', 'd']) },
      /each token once/,
    ],
    [
      'kinds of others',
      { 'tokenizer.ggml.token_type': numbers(5, [1]) },
      /kinds of 5 tokens, got 1/,
    ],
    ['merges of one part', { 'tokenizer.ggml.merges': texts([' a']) }, /merges of two parts/],
    ['a token beyond the list', { 'tokenizer.ggml.eos_token_id': uint32(5) }, /one of 5 tokens/],
    ['half a token', { 'tokenizer.ggml.eos_token_id': float32(0.5) }, /one of 5 tokens/],
    ['a text for a list', { 'tokenizer.ggml.tokens': text('a') }, /^GGUF_MALFORMED.*a list/],
    ['numbers for texts', { 'tokenizer.ggml.merges': numbers(5, [1]) }, /^GGUF_MALFORMED.*texts/],
    [
      'texts for numbers',
      { 'tokenizer.ggml.token_type': texts(['a']) },
      /^GGUF_MALFORMED.*numbers/,
    ],
    ['a number for a switch', { 'tokenizer.ggml.add_bos_token': uint32(1) }, /true or false/],
    ['a number for a template', { 'tokenizer.chat_template': uint32(1) }, /^GGUF_MALFORMED/],
  ])('is refused with %s', (_, change, message) => {
    const result = read({ ...SMALL, ...change })
    expect(result.type === 'refused' ? `${result.code} ${result.reason}` : result).toMatch(message)
  })

  it('is refused with pieces without scores, or pieces that are too long', () => {
    const few = read({ ...PIECES, 'tokenizer.ggml.scores': numbers(6, [1]) })
    expect(few).toMatchObject({ code: 'GGUF_MODEL_INVALID' })
    const tokens = texts(['<unk>', 'a', 'b', 'ab', 'a'.repeat(513), '<0x41>'])
    expect(read({ ...PIECES, 'tokenizer.ggml.tokens': tokens })).toMatchObject({
      code: 'GGUF_LIMIT',
    })
  })

  it.each([SMALL, PIECES])('never throws, whatever the bytes are', (metadata) => {
    const file = ggufBytes({ metadata, tensors: {} })
    const mutants = Array.from(file, (byte, at) => {
      const changed = Uint8Array.from(file)
      changed[at] = byte ^ (1 << (at % 8))
      return [file.subarray(0, at), changed]
    })
    const types = mutants.flat().map((bytes) => {
      const head = readGguf(bytes, bytes.length)
      return head.type === 'value' ? ggufText(head.value).type : head.type
    })
    expect(new Set(types)).toEqual(new Set(['refused', 'value']))
  })
})
