/**
 * What checkpoints of the Transformers library call the places of a decoder.
 *
 * @module
 */

import type { MatrixRole, NormRole } from '../builder/decoder-graph.ts'
import type { TensorNames } from '../checkpoint/file-decoder.ts'

const BASES: Readonly<Record<MatrixRole | NormRole, string>> = {
  'attention.norm': 'input_layernorm',
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  mix: 'self_attn.o_proj',
  'ffn.norm': 'post_attention_layernorm',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
  norm: 'model.norm',
  logits: 'lm_head',
}

/** Buffers that old versions stored, and a head that is the embedding written twice. */
export function hubNames(tied: boolean): TensorNames {
  return {
    base: ({ role, layer }) =>
      layer === undefined ? BASES[role] : `model.layers.${layer}.${BASES[role]}`,
    embedding: 'model.embed_tokens.weight',
    frequencies: undefined,
    spare: (name) => name.endsWith('.rotary_emb.inv_freq') || (tied && name === 'lm_head.weight'),
  }
}
