import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { TINY, type TinyDecoder } from '../../test/fixtures/gguf-writer.ts'
import {
  safetensorsBytes,
  tinyConfig,
  tinyTensors,
} from '../../test/fixtures/safetensors-writer.ts'
import type { DecoderWish } from '../checkpoint/checkpoint-model.ts'
import { accepted } from '../errors.ts'
import { JsonRecord } from './json-record.ts'
import { positionSlowdown } from './position-scaling.ts'
import { readSafetensors, safetensorsHeadBytes } from './safetensors-file.ts'
import { safetensorsModel, type SafetensorsFolder } from './safetensors-model.ts'

const small: TinyDecoder = {
  ...TINY,
  architecture: 'qwen2',
  layers: 1,
  hidden: 64,
  heads: 4,
  kvHeads: 2,
  ffn: 96,
  vocabulary: 32,
}
const json = (value: unknown) => utf8(JSON.stringify(value))

function tensorsOf(decoder: TinyDecoder): SafetensorsFolder['tensors'] {
  const file = safetensorsBytes(tinyTensors(decoder))
  const head = file.subarray(0, accepted(safetensorsHeadBytes(file)))
  return accepted(readSafetensors({ head, fileBytes: file.length, part: 0 }))
}

function model(
  keys: Readonly<Record<string, unknown>> = {},
  files: Partial<SafetensorsFolder> = {},
  wish: Partial<DecoderWish> = {},
) {
  const none = { generation: undefined, tokenizer: undefined }
  const folder = {
    ...none,
    tokenizerConfig: undefined,
    chatTemplate: undefined,
    config: json({ ...tinyConfig(small), ...keys }),
    tensors: tensorsOf(small),
    ...files,
  }
  return safetensorsModel(folder, { past: 'cache', quantisation: 'none', ...wish })
}

function refusal(...init: Parameters<typeof model>): string {
  const result = model(...init)
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

describe('the model of a folder with safetensors', () => {
  it('says what it is made of, and what generates text with it', () => {
    const { description, text } = accepted(model())
    expect(description).toBe('safetensors, Qwen2ForCausalLM, F32')
    expect(text).toEqual({
      vocabulary: 32,
      positionsMax: 64,
      kvHeads: 2,
      headSize: 16,
      attentionLayers: 1,
    })
    expect(accepted(model({}, {}, { past: 'none' })).text).toBeUndefined()
  })

  it('takes its words from the files beside it', () => {
    const words = (files: Partial<SafetensorsFolder>) => accepted(model({}, files)).words
    expect(words({})).toEqual({
      tokenizer: undefined,
      chatTemplate: undefined,
      beginToken: 1,
      stopTokens: [2, 3],
    })
    const generation = json({ eos_token_id: [7, 2], bos_token_id: null })
    const tokenizer = utf8('{}')
    expect(words({ generation, tokenizer })).toMatchObject({ tokenizer, stopTokens: [7, 2, 3] })
    const named = [
      { name: 'tool_use', template: 'a' },
      { name: 'default', template: 'b' },
    ]
    const template = (value: unknown) => json({ chat_template: value })
    expect(words({ tokenizerConfig: template('c') }).chatTemplate).toBe('c')
    expect(words({ tokenizerConfig: template(named) }).chatTemplate).toBe('b')
    const both = { tokenizerConfig: template('c'), chatTemplate: utf8('d') }
    expect(words(both).chatTemplate).toBe('d')
  })

  it('has a context no longer than what its attention looks back', () => {
    const context = (keys: Record<string, unknown>) => accepted(model(keys)).positionsMax
    const mistral = { architectures: ['MistralForCausalLM'], max_position_embeddings: 32_768 }
    expect(context(mistral)).toBe(4_096)
    expect(context({ ...mistral, sliding_window: null })).toBe(32_768)
    expect(context({ sliding_window: 32 })).toBe(64)
    expect(context({ sliding_window: 32, use_sliding_window: true })).toBe(32)
  })

  it('may be rounded, embedding and head less than the rest', () => {
    const rounded = accepted(model({}, {}, { quantisation: 'q4' }))
    const packed = rounded.weights.filter(({ name }) => name.endsWith('.packed'))
    expect(packed.map(({ name, dims }) => [name, dims.at(-1)]).slice(0, 2)).toEqual([
      ['embedding.weight.packed', 64],
      ['layers.0.query.weight.packed', 16],
    ])
    expect(packed.at(-1)).toMatchObject({ name: 'logits.weight.packed', dims: [32, 2, 32] })
    expect(rounded.loss.relative).toBeUndefined()
  })

  it('is refused with the name of what is not run', () => {
    expect(refusal({ architectures: ['GemmaForCausalLM'] })).toBe(
      'SAFETENSORS_UNSUPPORTED: expected one of LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, got GemmaForCausalLM',
    )
    expect(refusal({ architectures: [] })).toMatch('got none')
    expect(refusal({ quantization_config: { bits: 4 } })).toMatch('weights that are not quantised')
    expect(refusal({ hidden_act: 'gelu' })).toMatch('expected the activation silu, got gelu')
    expect(refusal({ partial_rotary_factor: 0.5 })).toMatch('turn with all their columns')
    expect(refusal({ rope_scaling: { rope_type: 'yarn', factor: 4 } })).toBe(
      'SAFETENSORS_UNSUPPORTED: expected positions scaled linearly or by llama3, got yarn',
    )
    const [first] = tensorsOf(small)
    const spare = first === undefined ? [] : [{ ...first, name: 'model.layers.0.q_norm.weight' }]
    expect(refusal({}, { tensors: [...tensorsOf(small), ...spare] })).toBe(
      'SAFETENSORS_UNSUPPORTED: expected only tensors of Qwen2ForCausalLM, got model.layers.0.q_norm.weight',
    )
  })

  it('is refused with what is missing or does not fit', () => {
    expect(refusal({}, { config: utf8('no') })).toBe(
      'SAFETENSORS_MALFORMED: expected JSON in config.json',
    )
    expect(refusal({ hidden_size: undefined })).toBe(
      'SAFETENSORS_MODEL_INVALID: expected hidden_size in config.json, got no such key',
    )
    expect(refusal({ num_hidden_layers: 2 })).toMatch('expected a tensor model.layers.1.')
    expect(refusal({ num_hidden_layers: 1.5 })).toMatch('expected a whole number')
    expect(refusal({ num_key_value_heads: 3 })).toMatch('expected heads in groups of kv heads')
    expect(refusal({ vocab_size: 33 })).toMatch('model.embed_tokens.weight of 64 × 33')
    expect(refusal({ eos_token_id: 32 })).toMatch('expected tokens below 32 for eos_token_id')
    expect(refusal({ tie_word_embeddings: 'yes' })).toMatch('expected true or false')
    const twice = [...tensorsOf(small), ...tensorsOf(small)]
    expect(refusal({}, { tensors: twice })).toMatch('expected each tensor in one file')
  })
})

describe('positions of Llama 3.1', () => {
  it('are stretched where columns turn slowly, and not where they turn fast', () => {
    const scaling = {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8_192,
    }
    const config = new JsonRecord('config.json', { rope_scaling: scaling })
    const slowdown = positionSlowdown(config, { headSize: 128, ropeTheta: 500_000 })
    // As Transformers 4.49 computes them for Llama 3.1 8B.
    const middle = [1.2075, 1.5534, 2.0263, 2.6945, 3.6843, 5.2573]
    expect(slowdown.map((one) => Number(one.toFixed(4)))).toEqual([
      ...Array.from({ length: 29 }, () => 1),
      ...middle,
      ...Array.from({ length: 29 }, () => 8),
    ])
  })
})
