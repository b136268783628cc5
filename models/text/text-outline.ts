/**
 * What is known of a decoder that generates before its layers are known.
 *
 * @module
 */

import type { CacheShape } from './decoder-tensors.ts'

/** From its graph alone. */
export interface TextOutline extends CacheShape {
  /** Logits of one row: the vocabulary's own list may be shorter. */
  readonly vocabulary: number
  /** Longest context, in tokens. */
  readonly positionsMax: number
  /** Layers with keys and values; the stream before the first is `stream.0`. */
  readonly attentionLayers: number
}

/** From what came with the graph; see TextModel of the manifest for the words. */
export interface TextWords {
  /** The bytes of a tokenizer.json. */
  readonly tokenizer: Uint8Array | undefined
  readonly chatTemplate: string | undefined
  readonly beginToken: number | undefined
  readonly stopTokens: readonly number[]
}

/** Of a decoder that comes with no words: numbers in, numbers out. */
export const NO_WORDS: TextWords = {
  tokenizer: undefined,
  chatTemplate: undefined,
  beginToken: undefined,
  stopTokens: [],
}
