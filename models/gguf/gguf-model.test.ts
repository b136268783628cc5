import { describe, expect, it } from 'vitest'
import {
  float32,
  ggufBytes,
  text,
  TINY,
  tinyGguf,
  uint32,
  type GgufInit,
  type MetadataInit,
  type TinyDecoder,
} from '../../test/fixtures/gguf-writer.ts'
import { drawTensor } from '../../test/fixtures/gguf-blocks.ts'
import { accepted } from '../errors.ts'
import { readGguf } from './gguf-file.ts'
import { ggufModel } from './gguf-model.ts'

const wide: TinyDecoder = { ...TINY, layers: 1 }
const small: TinyDecoder = {
  ...wide,
  hidden: 64,
  heads: 4,
  kvHeads: 2,
  ffn: 96,
  vocabulary: 32,
}

const model = (init: GgufInit) => {
  const bytes = ggufBytes(init)
  return ggufModel(accepted(readGguf(bytes, bytes.length)), { past: 'cache', quantisation: 'none' })
}

function refusal(init: GgufInit): string {
  const result = model(init)
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

/** The small decoder with other metadata; undefined removes a key. */
function withKeys(keys: Readonly<Record<string, MetadataInit | undefined>>): GgufInit {
  const { metadata, tensors } = tinyGguf(small)
  const entries = Object.entries({ ...metadata, ...keys })
  const kept = entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
  return { metadata: Object.fromEntries(kept) as GgufInit['metadata'], tensors }
}

describe('the model of a GGUF file', () => {
  it('says what it is made of', () => {
    const { description, positionsMax, weights } = accepted(
      model(tinyGguf({ ...wide, format: 'Q4_K' })),
    )
    expect({ description, positionsMax }).toEqual({
      description: 'GGUF, llama, F32, Q4_K',
      positionsMax: 64,
    })
    const names = weights.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('says its licence where it is one', () => {
    const licence = (value: string) =>
      accepted(model(withKeys({ 'general.license': text(value) }))).licence
    expect(licence('apache-2.0')).toBe('apache-2.0')
    expect([licence('a\u001b[2J'), licence(''), licence('x'.repeat(200))]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('holds an embedding that is its head as well once', () => {
    const tied = accepted(model(tinyGguf({ ...small, tied: true })))
    const tables = tied.weights.filter(({ tensor }) => tensor?.name === 'token_embd.weight')
    expect(tables.map(({ name }) => name)).toEqual(['embedding.weight'])
    // Of blocks, both forms have the same bytes, and so are one blob.
    const blocks = accepted(model(tinyGguf({ ...small, format: 'Q8_0', tied: true })))
    const bytes = blocks.weights
      .filter(({ tensor, name }) => tensor?.name === 'token_embd.weight' && name.endsWith('packed'))
      .map(({ dims }) => dims.reduce((product, size) => product * size, 1))
    expect(bytes).toEqual([2_048, 2_048])
  })

  it('is refused with the name of what is not run', () => {
    expect(refusal(withKeys({ 'general.architecture': text('gemma3') }))).toBe(
      'GGUF_UNSUPPORTED: expected the architecture llama or qwen2, got gemma3',
    )
    expect(refusal(withKeys({ 'general.architecture': text('\u001b[2J') }))).toMatch(
      'got an unprintable name',
    )
    expect(refusal(withKeys({ 'llama.rope.scaling.type': text('yarn') }))).toBe(
      'GGUF_UNSUPPORTED: expected linear scaling of positions or none, got yarn',
    )
    expect(refusal(withKeys({ 'llama.rope.dimension_count': uint32(8) }))).toMatch(
      'GGUF_UNSUPPORTED: expected heads of one size',
    )
    expect(refusal(withKeys({ 'split.count': { type: 2, value: 3 } }))).toBe(
      'GGUF_PARTS_INVALID: expected all 3 parts of the model, got one',
    )
    const { metadata, tensors } = tinyGguf(small)
    const spare = { dims: [32], drawn: drawTensor('F32', 32, 1) }
    expect(refusal({ metadata, tensors: { ...tensors, 'blk.0.attn_q_norm.weight': spare } })).toBe(
      'GGUF_UNSUPPORTED: expected only tensors of llama, got blk.0.attn_q_norm.weight',
    )
    const norm = { dims: [64], drawn: drawTensor('Q8_0', 64, 1) }
    expect(refusal({ metadata, tensors: { ...tensors, 'output_norm.weight': norm } })).toBe(
      'GGUF_UNSUPPORTED: expected floats in output_norm.weight, got Q8_0',
    )
  })

  it('is refused with what is missing or does not fit', () => {
    expect(refusal(withKeys({ 'general.architecture': undefined }))).toBe(
      'GGUF_MODEL_INVALID: expected general.architecture, got no such key',
    )
    expect(refusal(withKeys({ 'llama.block_count': undefined }))).toBe(
      'GGUF_MODEL_INVALID: expected llama.block_count, got no such key',
    )
    expect(refusal(withKeys({ 'llama.block_count': uint32(2) }))).toBe(
      'GGUF_MODEL_INVALID: expected a tensor blk.1.attn_norm.weight, got no such tensor',
    )
    expect(refusal(withKeys({ 'llama.block_count': uint32(5_000) }))).toBe(
      'GGUF_MODEL_INVALID: expected a number from 1 to 1024 for llama.block_count',
    )
    expect(refusal(withKeys({ 'llama.context_length': float32(1.5) }))).toBe(
      'GGUF_MODEL_INVALID: expected a whole number for llama.context_length',
    )
    expect(refusal(withKeys({ 'llama.feed_forward_length': uint32(64) }))).toBe(
      'GGUF_MODEL_INVALID: expected blk.0.ffn_gate.weight of 64 × 64, got 64 × 96',
    )
    expect(refusal(withKeys({ 'llama.embedding_length': uint32(128) }))).toBe(
      'GGUF_MODEL_INVALID: expected token_embd.weight with rows of 128',
    )
    expect(refusal(withKeys({ 'llama.attention.head_count_kv': uint32(3) }))).toBe(
      'GGUF_MODEL_INVALID: expected heads in groups of kv heads',
    )
    expect(refusal(withKeys({ 'llama.attention.key_length': uint32(2_000) }))).toBe(
      'GGUF_MODEL_INVALID: expected heads of at most 1024 columns',
    )
  })
})
