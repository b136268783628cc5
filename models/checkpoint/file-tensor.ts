/**
 * Tensors of files with weights, whatever the file's format: rows that lie one after another.
 *
 * @module
 */

/** Plain numbers, each on its own. */
export interface FloatFormat {
  readonly kind: 'float'
  readonly name: string
  readonly unitWeights: 1
  readonly unitBytes: number
  /** The number at an offset. */
  readonly read: (view: DataView, at: number) => number
}

/**
 * Integers with scales: a weight is `scale · level`, plus an offset in some formats.
 *
 * Levels are given around zero, as onnxruntime's blocks are: what a format counts from zero moves into
 * the offset.
 */
export interface BlockFormat {
  readonly kind: 'blocks'
  readonly name: string
  /** Bits that hold every level. */
  readonly bits: 4 | 8
  /** Weights that share a scale. */
  readonly block: 16 | 32
  /** Weights of one unit, the least that the file holds. */
  readonly unitWeights: 32 | 256
  readonly unitBytes: number
  /** Whether blocks have offsets. */
  readonly hasOffsets: boolean
  /** The levels of the unit at `at`, one a weight. */
  readonly levels: (view: DataView, at: number, levels: Int8Array) => void
  /** Its scales, one a block. */
  readonly scales: (view: DataView, at: number, scales: Float32Array) => void
  /** Its offsets, one a block; zero where there are none. */
  readonly offsets: (view: DataView, at: number, offsets: Float32Array) => void
}

export type TensorFormat = FloatFormat | BlockFormat

/** A tensor of a file. */
export interface FileTensor {
  readonly name: string
  readonly format: TensorFormat
  /** Which of a model's files holds it, counted from 0. */
  readonly part: number
  /** Sizes, the innermost first. */
  readonly dims: readonly number[]
  /** Weights of a row, the first of `dims`. */
  readonly columns: number
  readonly rows: number
  readonly rowBytes: number
  /** Where its first byte lies in the file. */
  readonly offset: number
}

/** A tensor whose format has a certain kind. */
export type TensorOf<Format> = FileTensor & { readonly format: Format }

export function isFloatTensor(tensor: FileTensor): tensor is TensorOf<FloatFormat> {
  return tensor.format.kind === 'float'
}

export function isBlockTensor(tensor: FileTensor): tensor is TensorOf<BlockFormat> {
  return tensor.format.kind === 'blocks'
}
