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
  const { rows, columns, bits, block } = init
  const blocks = (rows * columns) / block
  const packed = new Uint8Array((blocks * block * bits) / 8)
  const scales = new Float32Array(blocks)
  const middle = 2 ** (bits - 1)
  for (let index = 0; index < blocks; index++) {
    const part = weights.subarray(index * block, (index + 1) * block)
    const scale = Math.fround(scaleOf(part, bits))
    scales[index] = scale
    const inverse = scale === 0 ? 0 : 1 / scale
    for (const [at, weight] of part.entries()) {
      const level = Math.min(2 * middle - 1, Math.max(0, Math.round(weight * inverse) + middle))
      const position = index * block + at
      if (bits === 8) packed[position] = level
      else packed[position >> 1] = (packed[position >> 1] ?? 0) | (level << (4 * (position & 1)))
    }
  }
  return { packed, scales }
}

/** Four bits reach one step further down than up: the largest weight takes that side. */
function scaleOf(part: Float32Array, bits: 4 | 8): number {
  let largest = 0
  for (const weight of part) if (Math.abs(weight) > Math.abs(largest)) largest = weight
  return bits === 4 ? largest / -8 : Math.abs(largest) / 127
}
