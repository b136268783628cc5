/**
 * The caches of a decoder: the keys and values of each layer that attends, kept where its stage runs.
 *
 * @module
 */

import type { CacheShape } from './decoder-tensors.ts'

/** What a manifest says of them. */
export interface LayerCaches extends CacheShape {
  /** How many each of its layers holds; they are counted through, from `past.0` on. */
  readonly caches: readonly number[]
}

/** All caches of a model. */
export function cacheCount({ caches }: Pick<LayerCaches, 'caches'>): number {
  return sum(caches)
}

/** The indexes of the caches of layers [fromLayer, toLayer): they are counted through, as layers are. */
export function cachesOf(
  { caches }: Pick<LayerCaches, 'caches'>,
  { fromLayer, toLayer }: { readonly fromLayer: number; readonly toLayer: number },
): readonly number[] {
  const before = sum(caches.slice(0, fromLayer))
  return Array.from({ length: sum(caches.slice(fromLayer, toLayer)) }, (_, at) => before + at)
}

/** Bytes of keys and values for one position of one text, in `count` caches. */
export function cacheBytesPerToken(count: number, { kvHeads, headSize }: CacheShape): number {
  return count * 2 * kvHeads * headSize * Float32Array.BYTES_PER_ELEMENT
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
