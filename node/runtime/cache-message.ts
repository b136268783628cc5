/**
 * Keys and values that are read from an executor, or written to it: which tensors they are, in which
 * order and of which shapes.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import { CACHED_TOKENS } from '../../protocols/inference/index.ts'
import { type Frame, readTensors, STEP_INDEX, type WireTensor } from './executor-wire.ts'
import type { TextGraph } from './text-graph.ts'

/** Rows [from, to) of the text in a slot. */
export interface SlotSpan {
  readonly slot: number
  readonly from: number
  readonly to: number
}

/** A tensor of the rows: its name, its type, and its shape when there are `rows` of them. */
interface Part {
  readonly name: string
  readonly type: 'float32' | 'int32'
  readonly dims: readonly number[]
}

/** What `rows` rows are at a stage: keys and values, and where tokens are drawn their ids. */
export function cacheParts({ cached, draws }: TextGraph, rows: number): readonly Part[] {
  const parts: Part[] = cached.map(({ past, heads, headSize }) => ({
    name: past,
    type: 'float32',
    dims: [1, heads, rows, headSize],
  }))
  return draws ? [...parts, { name: CACHED_TOKENS, type: 'int32', dims: [rows] }] : parts
}

/** Which tensor is not what rows of this stage have, or undefined. */
export function unfitPart(
  parts: readonly Part[],
  tensors: readonly Tensor[],
): { readonly tensor: string; readonly detail: string } | undefined {
  if (parts.length !== tensors.length) {
    const detail = `expected ${parts.length} tensors, got ${tensors.length}`
    return { tensor: tensors.at(parts.length)?.name ?? '', detail }
  }
  for (const [index, { name, type, dims }] of parts.entries()) {
    const tensor = tensors[index]
    const fits = tensor?.name === name && tensor.type === type && tensor.dims.join() === dims.join()
    if (!fits) return { tensor: name, detail: `expected ${type} [${dims.join()}]` }
  }
  return undefined
}

/** The rows that an executor gave, or why they are refused. */
export function readRows(frame: Frame, parts: readonly Part[]): readonly Tensor[] | string {
  const tensors = frame.kind === 'result' ? readTensors(frame) : `got ${frame.kind}`
  if (typeof tensors === 'string') return tensors
  const rows = tensors.map(({ index, ...rest }) => ({ name: parts[index]?.name ?? '', ...rest }))
  const unfit = unfitPart(parts, rows)
  return unfit === undefined ? rows : `${unfit.tensor}: ${unfit.detail}`
}

/** The vector that says which rows a message brings. */
export function spanTensor({ slot, from, to }: SlotSpan): WireTensor {
  const data = new Uint8Array(Uint32Array.of(slot, from, to).buffer)
  return { index: STEP_INDEX, type: 'uint32', dims: [3], data }
}

/** The rows that a message brings; undefined when it does not say so. */
export function spanOf(tensors: readonly WireTensor[]): SlotSpan | undefined {
  const span = tensors.find(({ index }) => index === STEP_INDEX)
  if (span?.type !== 'uint32' || span.dims.join() !== '3') return undefined
  const [slot = 0, from = 0, to = 0] = new Uint32Array(span.data.slice().buffer)
  return { slot, from, to }
}
