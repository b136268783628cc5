/**
 * What a run takes of the texts that it is a step of.
 *
 * @module
 */

import type * as Ort from 'onnxruntime-node'
import { KEPT_ROWS, LAST_POSITIONS, NEW_ROWS, TEXT_ROWS, TOTAL_LENGTH } from '../../models/index.ts'
import type { TextGraph } from './text-graph.ts'
import type { Crossing, RunPart } from './text-session.ts'

export interface FedRun {
  /** Texts in neighbouring places, in their order; one where the graph takes no more. */
  readonly parts: readonly RunPart[]
  /** The rows of these texts, and of others. */
  readonly crossing: readonly Crossing[]
  /** Rows of each text in its attention, those that only pad included. */
  readonly padded: number
  /** Rows that the run has at least. */
  readonly rowsMin: number
}

/** The feeds of a run by their names, without the rows that are wanted. */
export function textFeeds(
  { ort: { Tensor }, graph }: { readonly ort: typeof Ort; readonly graph: TextGraph },
  { parts, crossing, padded, rowsMin }: FedRun,
): Record<string, Ort.Tensor> {
  const feeds: Record<string, Ort.Tensor> = {}
  for (const { name, tensor } of crossing) feeds[name] = ownRows(Tensor, tensor, { parts, rowsMin })
  const ends = Int32Array.from(parts, ({ rows }) => rows.position + padded)
  const { local } = graph
  const scanned = local.has(TEXT_ROWS)
  const perText = scanned ? [parts.length, 1] : [1]
  if (local.has(LAST_POSITIONS)) {
    const last = ends.map((end) => end - 1)
    feeds[LAST_POSITIONS] = new Tensor('int32', last, perText)
  }
  if (local.has(TOTAL_LENGTH)) feeds[TOTAL_LENGTH] = new Tensor('int32', ends, perText)
  if (scanned) {
    const { textRows, newRows, keptRows } = rowPlaces(parts, { padded, rowsMin })
    feeds[TEXT_ROWS] = new Tensor('int64', textRows, [parts.length, padded])
    feeds[NEW_ROWS] = new Tensor('int64', newRows, [parts.length, padded])
    feeds[KEPT_ROWS] = new Tensor('int64', keptRows, [1, keptRows.length / 3, 3])
  }
  const cache = parts[0]?.text.cache
  const arena = cache?.arena
  if (cache === undefined || arena === undefined) return feeds
  for (const [index, { past, heads, headSize }] of graph.cached.entries()) {
    const room = [1, heads, arena.capacity, headSize]
    const dims = scanned ? [parts.length, ...room] : room
    feeds[past] = new Tensor('float32', arena.at(index, cache.place, parts.length), dims)
  }
  return feeds
}

/** The rows of `parts` out of `tensor` [1, rows, …], with the last one once more where there is only one. */
function ownRows(
  Tensor: typeof Ort.Tensor,
  tensor: Ort.Tensor,
  { parts, rowsMin }: Pick<FedRun, 'parts' | 'rowsMin'>,
): Ort.Tensor {
  const [, all = 0, ...rest] = tensor.dims
  const count = parts.reduce((sum, { rows }) => sum + rows.tokens.length, 0)
  const inOrder = parts.every(({ from }, at) => from >= (parts[at - 1]?.from ?? 0))
  if (count === all && count >= rowsMin && inOrder) return tensor
  const given = tensor.data as Float32Array
  const width = given.length / all
  const rowCount = Math.max(count, rowsMin)
  const own = new (given.constructor as Float32ArrayConstructor)(rowCount * width)
  let row = 0
  for (const { from, rows } of parts) {
    own.set(given.subarray(from * width, (from + rows.tokens.length) * width), row * width)
    row += rows.tokens.length
  }
  if (row < rowCount) own.copyWithin(row * width, (row - 1) * width, row * width)
  return new Tensor(tensor.type as 'float32', own, [1, rowCount, ...rest])
}

/** Data of the tensors {@link TEXT_ROWS}, {@link NEW_ROWS} and {@link KEPT_ROWS}. */
function rowPlaces(
  parts: readonly RunPart[],
  { padded, rowsMin }: Pick<FedRun, 'padded' | 'rowsMin'>,
): Readonly<Record<'textRows' | 'newRows' | 'keptRows', BigInt64Array>> {
  const textRows = new BigInt64Array(parts.length * padded)
  const newRows = new BigInt64Array(parts.length * padded)
  const kept: bigint[] = []
  let row = 0
  for (const [text, { rows }] of parts.entries()) {
    const { length } = rows.tokens
    for (let at = 0; at < padded; at++) {
      textRows[text * padded + at] = BigInt(row + Math.min(at, length - 1))
      newRows[text * padded + at] = BigInt(rows.position + at)
      if (at < length) kept.push(BigInt(text), 0n, BigInt(at))
    }
    row += length
  }
  // A row alone came in twice.
  if (row < rowsMin) kept.push(0n, 0n, 0n)
  return { textRows, newRows, keptRows: BigInt64Array.from(kept) }
}
