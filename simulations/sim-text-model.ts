/**
 * A make-believe language model in stages: each adds up all that came before it, so that a row that
 * is missing, doubled or out of place changes all that follows.
 *
 * @module
 */

import type { Tensor } from '../core/tensor.ts'
import { drawnTensors, type TextRows, type WireType } from '../protocols/inference/index.ts'

const MODULUS = 10_007
const VOCABULARY = 997

/** Keys and values of one stage. */
export type SimText = number[]

/** What a stage makes of the rows of a step; behind the last one stands what is drawn. */
export function textRun(
  text: SimText,
  { rows, tensors, last }: { rows: TextRows; tensors: readonly Tensor[]; last: boolean },
): readonly Tensor[] {
  const { position, drawFrom, tokens } = rows
  if (position > text.length) throw new Error('a text has a gap')
  const values = tensors.find(({ name }) => name === 'stream')?.data
  text.length = position
  const made = tokens.map((token, row) =>
    push(text, values === undefined ? token : at(values, row)),
  )
  if (!last) return [stream(made)]
  const drawn: number[] = []
  for (let row = drawFrom; row < made.length; row++) {
    drawn.push((made[row] ?? 0) % VOCABULARY)
    if (drawn.at(-1) !== tokens[row + 1]) break
  }
  return drawnTensors(
    drawn.map((token) => ({ token, logprob: undefined, alternatives: [], logitsHash: undefined })),
  )
}

/** Keys and values of the rows [from, to). */
export function cachedRows(text: SimText, from: number, to: number): Tensor {
  const rows = text.slice(from, to)
  const data = new Uint8Array(Float32Array.from(rows).buffer)
  return { name: 'past', type: 'float32', dims: [1, 1, rows.length, 1], data }
}

/** Takes such rows over. */
export function takeRows(text: SimText, from: number, tensors: readonly Tensor[]): void {
  const [rows] = tensors
  if (rows === undefined || from > text.length) throw new Error('a copy has a gap')
  text.length = from
  for (let row = 0; row < (rows.dims[2] ?? 0); row++) text.push(at(rows.data, row))
}

export interface SimWriting {
  readonly stages: number
  /** How numbers cross the cut behind each stage; as they are where nothing is said. */
  readonly wires: readonly WireType[]
  readonly tokens: number
  readonly stop: number
}

/** What the model says after `prompt`, worked out without a mesh; `stop` ends it. */
export function saidAfter(
  prompt: readonly number[],
  { stages, wires, tokens, stop }: SimWriting,
): readonly number[] {
  const texts = Array.from({ length: stages }, (): SimText => [])
  const crossed = (value: number, stage: number): number =>
    wires[stage] === 'f16' ? (Float16Array.of(value)[0] ?? 0) : value
  const next = (token: number): number =>
    texts.reduce((value, text, stage) => crossed(push(text, value), stage), token) % VOCABULARY
  let token = prompt.map(next).at(-1) ?? stop
  const said: number[] = []
  while (said.length < tokens && token !== stop) {
    said.push(token)
    token = next(token)
  }
  return said
}

/** Adds a row; what it becomes depends on all before it. */
function push(text: SimText, value: number): number {
  const before = text.reduce((sum, row) => sum + row, 0)
  const made = (3 * value + before + text.length + 1) % MODULUS
  text.push(made)
  return made
}

function stream(values: readonly number[]): Tensor {
  const data = new Uint8Array(Float32Array.from(values).buffer)
  return { name: 'stream', type: 'float32', dims: [1, values.length, 1], data }
}

function at(data: Uint8Array, row: number): number {
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getFloat32(4 * row, true)
}
