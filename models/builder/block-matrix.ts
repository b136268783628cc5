/**
 * Matrices in quantised blocks, as onnxruntime's MatMulNBits and GatherBlockQuantized want them.
 *
 * @module
 */

import type { GraphWriter, WeightSpec } from './graph-writer.ts'

/** A matrix whose rows, one for each unit, are cut into blocks that share a scale. */
export interface BlockMatrix {
  /** Weights of a row; a multiple of `block`. */
  readonly width: number
  readonly units: number
  readonly bits: 4 | 8
  readonly block: number
}

/** The two weights that a matrix is made of. */
export function blockSpecs(
  weight: string,
  { width, units, bits, block }: BlockMatrix,
): { readonly packed: WeightSpec; readonly scales: WeightSpec } {
  const blocks = width / block
  return {
    packed: {
      name: `${weight}.packed`,
      type: 'uint8',
      dims: [units, blocks, (block * bits) / 8],
    },
    scales: { name: `${weight}.scales`, type: 'float32', dims: [units * blocks] },
  }
}

/** Adds `to` = `from` times the matrix whose weights are named after `weight`. */
export function writeBlockProduct<Weight extends WeightSpec>(
  writer: GraphWriter<Weight>,
  { from, to, weight }: { readonly from: string; readonly to: string; readonly weight: string },
  { width, units, bits, block }: BlockMatrix,
): void {
  writer.node('MatMulNBits', [from, `${weight}.packed`, `${weight}.scales`], to, {
    domain: 'com.microsoft',
    // Level 4 computes in int8, the only fast way on processors.
    attributes: { K: width, N: units, bits, block_size: block, accuracy_level: 4 },
  })
}
