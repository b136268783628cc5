/**
 * What the tensors of a decoder that generates are called, and which of them never cross a cut.
 *
 * Tokens come in at the first cut, the residual stream crosses all others, logits go out at the last.
 * Beside them, each stage takes and gives tensors that stay on its device: how long the text is, which
 * rows are wanted, and the keys and values of what it has seen. Those are called local here.
 *
 * Keys and values are written in place: whoever runs a stage may hand in one buffer as `past` and as
 * `present`, with room for more positions than are filled. Filled are the first ones, without a gap.
 *
 * @module
 */

import type { TensorSpec } from '../../core/tensor.ts'

/** Tokens that come in: int64 [batch, seq]. */
export const TOKENS = 'input_ids'

/** What comes out: float32 [batch, rows, vocabulary]. */
export const LOGITS = 'logits'

/** Index of the last position that is filled after this step, for each sequence: int32 [batch]. */
export const LAST_POSITIONS = 'seqlens_k'

/** Positions that are filled after this step, of the longest sequence: int32 [1]. */
export const TOTAL_LENGTH = 'total_sequence_length'

/** Which of the tokens that come in shall have logits, counted from 0: int64 [rows]. */
export const ROWS = 'rows'

/**
 * Where a run takes rows of several texts (text/several-texts.ts), the rows of each: int64 [texts, padded],
 * indexes among all rows that come in. Each text has equally many; those that only pad repeat its last one.
 * Lengths are then [texts, 1], and keys and values [texts, 1, kvHeads, past, headSize].
 */
export const TEXT_ROWS = 'text_rows'

/** The positions of those rows in their texts: int64 [texts, padded]. Keys and values of them come out as {@link addedName}s. */
export const NEW_ROWS = 'new_rows'

/** Where each row that came in is found behind attention: int64 [1, seq, 3] of its text, 0 and its place in that text's rows. */
export const KEPT_ROWS = 'kept_rows'

/** The residual stream before a layer, or behind the last one: float32 [batch, seq, hidden]. */
export function streamName(layer: number): string {
  return `stream.${layer}`
}

/** The names of one layer's keys and values. */
export interface CacheNames {
  readonly key: string
  readonly value: string
}

/** What a layer has seen before this step: float32 [batch, kvHeads, past, headSize] each. */
export function pastNames(cache: number): CacheNames {
  return { key: `past.${cache}.key`, value: `past.${cache}.value` }
}

/** The same behind it. */
export function presentNames(cache: number): CacheNames {
  return { key: `present.${cache}.key`, value: `present.${cache}.value` }
}

/** What comes out in the place of a present tensor where a run takes several texts: [texts, 1, kvHeads, padded, headSize]. */
export function addedName(present: string): string {
  return present.replace(/^present\./, 'added.')
}

/** True for the names of {@link pastNames} and {@link presentNames}. */
export function isCacheName(name: string): boolean {
  return /^(?:past|present)\.(?:0|[1-9]\d*)\.(?:key|value)$/.test(name)
}

/** Of one layer's keys or values, for one position. */
export interface CacheShape {
  readonly kvHeads: number
  readonly headSize: number
}

/** The tensors of a graph, or of a part of one, that stay on the device. */
export interface LocalTensors {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
}

/** All local tensors of a decoder with `caches` layers that attend. */
export function localTensors(caches: number, shape: CacheShape): LocalTensors {
  const indexes = Array.from({ length: caches }, (_, cache) => cache)
  const each = (names: (cache: number) => CacheNames, positions: string): readonly TensorSpec[] =>
    indexes.flatMap((cache) => {
      const dims = ['batch', shape.kvHeads, positions, shape.headSize]
      const { key, value } = names(cache)
      return [key, value].map((name) => ({ name, type: 'float32' as const, dims }))
    })
  return {
    inputs: [
      { name: LAST_POSITIONS, type: 'int32', dims: ['batch'] },
      { name: TOTAL_LENGTH, type: 'int32', dims: [1] },
      { name: ROWS, type: 'int64', dims: ['rows'] },
      ...each(pastNames, 'past'),
    ],
    outputs: each(presentNames, 'present'),
  }
}

/** Names of local tensors. */
export function localNames({ inputs, outputs }: LocalTensors): ReadonlySet<string> {
  return new Set([...inputs, ...outputs].map(({ name }) => name))
}
