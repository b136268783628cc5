/**
 * Several steps of one text as one run, and what it gave as several answers.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { Tensor } from '../../core/tensor.ts'
import { DRAWN_NAMES, type TextRows } from '../../protocols/inference/index.ts'

/** A step: tensors [1, rows, …] and what the rows are. */
export interface TextPart {
  readonly tensors: readonly Tensor[]
  readonly rows: TextRows
}

/** The rows of all `parts`, which follow one another. Only the last one may be drawn at. */
export function joinedRows(parts: readonly TextPart[]): TextPart {
  const [first, last] = [parts[0], parts.at(-1)]
  const tokens = parts.flatMap(({ rows }) => rows.tokens)
  const drawn = last === undefined ? 0 : last.rows.tokens.length - last.rows.drawFrom
  const names = first?.tensors.map(({ name }) => name) ?? []
  return {
    tensors: names.flatMap((name) => joined(parts, name) ?? []),
    rows: { position: first?.rows.position ?? 0, drawFrom: tokens.length - drawn, tokens },
  }
}

function joined(parts: readonly TextPart[], name: string): Tensor | undefined {
  const pieces = parts.flatMap(
    ({ tensors }) => tensors.find((tensor) => tensor.name === name) ?? [],
  )
  const [first] = pieces
  // What a peer sent may differ from step to step: then the executor says what is wrong with it.
  if (first === undefined || pieces.length !== parts.length) return first
  const [batch = 1, , ...rest] = first.dims
  const rows = pieces.reduce((sum, { dims }) => sum + (dims[1] ?? 0), 0)
  const data = concatBytes(pieces.map((piece) => piece.data))
  return { ...first, dims: [batch, rows, ...rest], data }
}

/** What a run of `joinedRows(parts)` gave, for each part. What was drawn belongs to the last one. */
export function splitRows(
  made: readonly Tensor[],
  parts: readonly TextPart[],
): readonly (readonly Tensor[])[] {
  const total = parts.reduce((sum, { rows }) => sum + rows.tokens.length, 0)
  let row = 0
  return parts.map(({ rows }, index) => {
    const from = row
    row += rows.tokens.length
    return made.flatMap((tensor) => {
      if (DRAWN_NAMES.includes(tensor.name)) {
        return index === parts.length - 1 ? tensor : emptied(tensor)
      }
      const rowBytes = tensor.data.length / total
      const [batch = 1, , ...rest] = tensor.dims
      const dims = [batch, row - from, ...rest]
      return { ...tensor, dims, data: tensor.data.subarray(from * rowBytes, row * rowBytes) }
    })
  })
}

function emptied(tensor: Tensor): Tensor {
  return { ...tensor, dims: [0, ...tensor.dims.slice(1)], data: new Uint8Array(0) }
}

/** Rows [from, to) of a part. */
export function rowsOfPart({ tensors, rows }: TextPart, from: number, to: number): TextPart {
  const count = rows.tokens.length
  return {
    tensors: tensors.map((tensor) => {
      const rowBytes = tensor.data.length / count
      const [batch = 1, , ...rest] = tensor.dims
      const data = tensor.data.subarray(from * rowBytes, to * rowBytes)
      return { ...tensor, dims: [batch, to - from, ...rest], data }
    }),
    rows: {
      position: rows.position + from,
      drawFrom: Math.max(0, Math.min(rows.drawFrom, to) - from),
      tokens: rows.tokens.slice(from, to),
    },
  }
}
