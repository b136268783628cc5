/**
 * Whether a stage can use what the stage before it sent.
 *
 * What is known of a cut before its stage is loaded: the hash that came with the tensors, and of a text
 * that every tensor has a row for each token, and that all of it are numbers. Names, types and ranks are
 * compared with the model by whoever runs it.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { TensorMessage } from './messages.ts'
import { isRows, rowsOf } from './text-rows.ts'
import { areFinite } from './wire-type.ts'

/**
 * @param leaf - Of the tensors, as they came.
 * @param isText - Whether the session is one.
 */
export function isUsable(step: TensorMessage, leaf: Uint8Array, isText: boolean): boolean {
  const { tensors } = step
  if (!bytesEqual(leaf.subarray(0, step.leaf.length), step.leaf)) return false
  if (!isText) return true
  const count = rowsOf(tensors)?.tokens.length
  const crossing = tensors.filter((tensor) => !isRows(tensor))
  // Not a number anywhere spoils every row after it, here and behind.
  return crossing.every(({ dims }) => dims[0] === 1 && dims[1] === count) && areFinite(crossing)
}
