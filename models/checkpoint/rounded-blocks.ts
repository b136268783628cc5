/**
 * Plain numbers of a file rounded to blocks of a few bits, and how much of them that loses.
 *
 * @module
 */

import { blockSpecs } from '../builder/block-matrix.ts'
import { blockScales, quantise, type Quantised, type QuantiseInit } from '../builder/quantise.ts'
import type { FloatFormat, TensorOf } from './file-tensor.ts'
import type { BlockWeights, FileWeight } from './weight-rows.ts'

/** Weights that share a scale. */
export const ROUNDED_BLOCK = 32

/** What rounding lost, over all matrices that were written so far. */
export class RoundingLoss {
  #squares = 0
  #errors = 0

  /** Root of the mean squared error, as a share of the root of the mean squared weight; undefined before any. */
  get relative(): number | undefined {
    return this.#squares === 0 ? undefined : Math.sqrt(this.#errors / this.#squares)
  }

  add(weights: Float32Array, { packed, scales }: Quantised, bits: 4 | 8): void {
    const middle = 2 ** (bits - 1)
    let [squares, errors] = [0, 0]
    for (let at = 0; at < weights.length; at++) {
      const weight = weights[at] ?? 0
      const byte = packed[bits === 8 ? at : at >> 1] ?? 0
      const level = bits === 8 ? byte : (byte >> (4 * (at & 1))) & 15
      const error = weight - (level - middle) * (scales[(at / ROUNDED_BLOCK) | 0] ?? 0)
      squares += weight * weight
      errors += error * error
    }
    this.#squares += squares
    this.#errors += errors
  }
}

export interface RoundingInit {
  readonly bits: 4 | 8
  /** Told of every matrix, once. */
  readonly loss: RoundingLoss
}

/** The blocks of a matrix whose rows are a multiple of {@link ROUNDED_BLOCK} wide. */
export function roundedWeights(
  weight: string,
  tensor: TensorOf<FloatFormat>,
  { bits, loss }: RoundingInit,
): BlockWeights {
  const { columns, rows } = tensor
  const matrix = { width: columns, units: rows, bits, block: ROUNDED_BLOCK } as const
  const specs = blockSpecs(weight, matrix)
  const sizesOf = (weights: Float32Array): QuantiseInit => ({
    rows: weights.length / columns,
    columns,
    bits,
    block: ROUNDED_BLOCK,
  })
  const packed: FileWeight['write'] = (target, { firstRow, content }) => {
    const weights = floatsIn(tensor, content)
    const blocks = quantise(weights, sizesOf(weights))
    loss.add(weights, blocks, bits)
    target.set(blocks.packed, (firstRow * columns * bits) / 8)
  }
  const scales: FileWeight['write'] = (target, { firstRow, content }) => {
    const weights = floatsIn(tensor, content)
    const { buffer } = blockScales(weights, sizesOf(weights))
    target.set(new Uint8Array(buffer), (firstRow * columns * 4) / ROUNDED_BLOCK)
  }
  return {
    matrix,
    packed: { ...specs.packed, tensor, write: packed },
    scales: { ...specs.scales, tensor, write: scales },
    offsets: undefined,
  }
}

function floatsIn({ format }: TensorOf<FloatFormat>, content: Uint8Array): Float32Array {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  const { unitBytes, read } = format
  const floats = new Float32Array(content.length / unitBytes)
  for (let at = 0; at < floats.length; at++) floats[at] = read(view, at * unitBytes)
  return floats
}
