/**
 * Weights in blocks of a few bits, as onnxruntime's MatMulNBits reads them.
 *
 * @module
 */

/** A matrix of `rows` × `columns`, its rows cut into blocks that share a scale. */
export interface Quantised {
  /** Dims [rows, blocks, bytes of a block]; of 4-bit weights the first is the low half of a byte. */
  readonly packed: Uint8Array
  /** Dims [rows · blocks]. */
  readonly scales: Float32Array
}

export interface QuantiseInit {
  readonly rows: number
  /** A multiple of `block`. */
  readonly columns: number
  readonly bits: 4 | 8
  /** Weights that share one scale. */
  readonly block: number
}

/** Rounds each block to the grid of its scale, symmetric around the middle value. */
export function quantise(weights: Float32Array, init: QuantiseInit): Quantised {
  const { bits, block } = init
  const scales = blockScales(weights, init)
  const packed = new Uint8Array((scales.length * block * bits) / 8)
  const middle = 2 ** (bits - 1)
  for (const [index, scale] of scales.entries()) {
    const inverse = scale === 0 ? 0 : 1 / scale
    // Indexes and no iterators: models have hundreds of millions of weights.
    for (let position = index * block; position < (index + 1) * block; position++) {
      const rounded = Math.round((weights[position] ?? 0) * inverse) + middle
      const level = Math.min(2 * middle - 1, Math.max(0, rounded))
      if (bits === 8) packed[position] = level
      else packed[position >> 1] = (packed[position >> 1] ?? 0) | (level << (4 * (position & 1)))
    }
  }
  return { packed, scales }
}

/** The scales alone. */
export function blockScales(weights: Float32Array, init: QuantiseInit): Float32Array {
  const { rows, columns, bits, block } = init
  const scales = new Float32Array((rows * columns) / block)
  for (let index = 0; index < scales.length; index++) {
    scales[index] = scaleOf(weights, index * block, block, bits)
  }
  return scales
}

/** Four bits reach one step further down than up: the largest weight takes that side. */
function scaleOf(weights: Float32Array, from: number, block: number, bits: 4 | 8): number {
  let largest = 0
  for (let at = from; at < from + block; at++) {
    const weight = weights[at] ?? 0
    if (Math.abs(weight) > Math.abs(largest)) largest = weight
  }
  return bits === 4 ? largest / -8 : Math.abs(largest) / 127
}
