/**
 * The sizes and habits of a decoder from its config.json, as the Transformers library writes it.
 *
 * @module
 */

import { decoderProblem, type Past } from '../builder/decoder-graph.ts'
import type { FileDecoder } from '../checkpoint/file-decoder.ts'
import { plainWord } from '../checkpoint/plain-word.ts'
import { refuse } from '../refuse.ts'
import type { JsonRecord } from './json-record.ts'
import { positionSlowdown } from './position-scaling.ts'

/** Architectures whose graph is that of Llama, and the window of attention where config.json names none. */
const ARCHITECTURES: ReadonlyMap<string, { readonly window: number | undefined }> = new Map([
  ['LlamaForCausalLM', { window: undefined }],
  ['MistralForCausalLM', { window: 4_096 }],
  ['Qwen2ForCausalLM', { window: undefined }],
])

const LAYERS_MAX = 1_024
const HEADS_MAX = 1_024
const HEAD_SIZE_MAX = 1_024
const SIZE_MAX = 2 ** 20
const THETA = 10_000
/** Longer contexts are shortened to this: each position takes a row of two tables. */
const POSITIONS_MAX = 2 ** 18

/** Refuses other architectures, and sizes that do not fit together. */
export function decoderOf(config: JsonRecord, past: Past): FileDecoder {
  const architecture = architectureOf(config)
  const hidden = config.size('hidden_size', SIZE_MAX)
  const heads = config.size('num_attention_heads', HEADS_MAX)
  const headSize = config.optionalSize('head_dim', HEAD_SIZE_MAX) ?? hidden / heads
  const shape = {
    architecture,
    layers: config.size('num_hidden_layers', LAYERS_MAX),
    hidden,
    heads,
    kvHeads: config.optionalSize('num_key_value_heads', HEADS_MAX) ?? heads,
    headSize,
    ffn: config.size('intermediate_size', SIZE_MAX),
    vocabulary: config.size('vocab_size', SIZE_MAX),
    positionsMax: Math.min(contextOf(config, architecture), POSITIONS_MAX),
    epsilon: config.number('rms_norm_eps', 0, 1),
    interleaved: false,
    past,
    tied: config.optionalFlag('tie_word_embeddings') ?? false,
  } as const
  const problem = decoderProblem(shape)
  if (problem !== undefined) return refuse('SAFETENSORS_MODEL_INVALID', problem)
  const ropeTheta = thetaOf(config)
  return { ...shape, ropeTheta, slowdown: positionSlowdown(config, { headSize, ropeTheta }) }
}

function architectureOf(config: JsonRecord): string {
  const [name] = config.list('architectures')
  const architecture = typeof name === 'string' ? plainWord(name) : 'none'
  if (!ARCHITECTURES.has(architecture)) {
    const known = [...ARCHITECTURES.keys()].join(', ')
    refuse('SAFETENSORS_UNSUPPORTED', `expected one of ${known}, got ${architecture}`)
  }
  if (config.has('quantization_config')) {
    refuse('SAFETENSORS_UNSUPPORTED', 'expected weights that are not quantised')
  }
  const activation = config.optionalText('hidden_act') ?? 'silu'
  if (activation !== 'silu') {
    refuse('SAFETENSORS_UNSUPPORTED', `expected the activation silu, got ${plainWord(activation)}`)
  }
  if ((config.optionalNumber('partial_rotary_factor', 0, 1) ?? 1) !== 1) {
    refuse('SAFETENSORS_UNSUPPORTED', 'expected heads that turn with all their columns')
  }
  return architecture
}

/** Where attention looks back only so far, the context ends there: up to it, the window changes nothing. */
function contextOf(config: JsonRecord, architecture: string): number {
  const context = config.size('max_position_embeddings', 2 ** 32)
  if (config.optionalFlag('use_sliding_window') === false) return context
  const known = config.entries().some(([key]) => key === 'sliding_window')
  const window = known
    ? config.optionalSize('sliding_window', 2 ** 32)
    : ARCHITECTURES.get(architecture)?.window
  if (architecture === 'Qwen2ForCausalLM' && !config.has('use_sliding_window')) return context
  return Math.min(context, window ?? context)
}

/** Newer versions keep it among the parameters of positions. */
function thetaOf(config: JsonRecord): number {
  const inside = config.optionalRecord('rope_parameters')?.optionalNumber('rope_theta', 1, 1e12)
  return inside ?? config.optionalNumber('rope_theta', 1, 1e12) ?? THETA
}
