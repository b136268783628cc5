/**
 * Keys and values of some rows of a text, on their way from one holder of a stage to the next.
 *
 *     cached    int32 [3]   first row, the one behind the last, and rows of the whole copy
 *     tokens    int32 [n]   token ids of these rows; at the stage that draws only
 *     the rest  as the stage's graph has them: float32 [1, heads, n, head size]
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import { TEXT_POSITIONS_MAX } from './limits.ts'
import type { InferenceMessage } from './messages.ts'

/** Names that no graph uses: ours begin with a colon. */
const CACHED = ':cached'

/** The name of the token ids among exported rows. */
export const CACHED_TOKENS = ':tokens'

/** Which rows a message brings. */
export interface CachedRows {
  /** The first row. */
  readonly from: number
  /** The one behind the last. */
  readonly to: number
  /** Rows of the whole copy. */
  readonly of: number
}

/** The step before which everything is copied. */
export interface CopyPoint {
  readonly request: number
  readonly position: number
}

/** What is said of a copy that there is not. */
export const NO_COPY: InferenceMessage = { type: 'copied', request: 0, rows: 0 }

/** The tensors of a message that brings `rows`. */
export function cacheTensors(
  { from, to, of }: CachedRows,
  kept: readonly Tensor[],
): readonly Tensor[] {
  const data = new Uint8Array(12)
  const view = new DataView(data.buffer)
  for (const [index, value] of [from, to, of].entries()) view.setInt32(4 * index, value, true)
  return [{ name: CACHED, type: 'int32', dims: [3], data }, ...kept]
}

/** Which rows a message brings, and what they are; undefined when it says none, or nonsense. */
export function cachedOf(
  tensors: readonly Tensor[],
): { readonly rows: CachedRows; readonly kept: readonly Tensor[] } | undefined {
  const [first, ...kept] = tensors
  if (first?.name !== CACHED || kept.length === 0) return undefined
  const rows = spanOf(first)
  return rows === undefined ? undefined : { rows, kept }
}

function spanOf({ type, dims, data }: Tensor): CachedRows | undefined {
  if (type !== 'int32' || dims.join() !== '3') return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const [from, to, of] = [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true)]
  const fits = from >= 0 && from < to && to <= of && of <= TEXT_POSITIONS_MAX
  return fits ? { from, to, of } : undefined
}
