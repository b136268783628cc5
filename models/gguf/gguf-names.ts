/**
 * What GGUF files call the places of a decoder.
 *
 * @module
 */

import type { MatrixRole, NormRole } from '../builder/decoder-graph.ts'
import type { TensorNames } from '../checkpoint/file-decoder.ts'

const BASES: Readonly<Record<MatrixRole | NormRole, string>> = {
  'attention.norm': 'attn_norm',
  query: 'attn_q',
  key: 'attn_k',
  value: 'attn_v',
  mix: 'attn_output',
  'ffn.norm': 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
  norm: 'output_norm',
  logits: 'output',
}

export const GGUF_NAMES: TensorNames = {
  base: ({ role, layer }) => (layer === undefined ? BASES[role] : `blk.${layer}.${BASES[role]}`),
  embedding: 'token_embd.weight',
  // Since Llama 3.1.
  frequencies: 'rope_freqs.weight',
  spare: () => false,
}
