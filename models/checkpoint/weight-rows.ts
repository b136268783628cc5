/**
 * Weights of the runtime, made from a file's tensors a few rows at a time.
 *
 * Tensors may be larger than memory should be: whoever reads the file chooses how many rows come at once.
 *
 * @module
 */

import { blockSpecs, type BlockMatrix } from '../builder/block-matrix.ts'
import type { WeightSpec } from '../builder/graph-writer.ts'
import { rotaryTables, type Rotary } from '../builder/seeded-weights.ts'
import type { BlockFormat, FileTensor, FloatFormat, TensorOf } from './file-tensor.ts'

/** Whole rows of a tensor, as the file has them. */
export interface TensorRows {
  /** Where they begin among the tensor's rows. */
  readonly firstRow: number
  readonly content: Uint8Array
}

/** A weight, and how it is made. */
export interface FileWeight extends WeightSpec {
  /** The tensor that it is made of, or undefined when it needs none. */
  readonly tensor: FileTensor | undefined
  /**
   * Writes what `rows` say into the weight's bytes.
   *
   * Called for all rows in ascending order; once, with none, when there is no tensor.
   */
  readonly write: (weight: Uint8Array, rows: TensorRows) => void
}

type Write = FileWeight['write']

/** A weight whose bytes are known. */
export function knownWeight(spec: WeightSpec, content: Uint8Array): FileWeight {
  return { ...spec, tensor: undefined, write: (weight) => weight.set(content) }
}

/** Floats in the order of the file. */
export function floatWeight(
  name: string,
  dims: readonly number[],
  tensor: TensorOf<FloatFormat>,
): FileWeight {
  const { columns } = tensor
  const write = eachFloat(tensor, (floats, row, column, value) => {
    floats[row * columns + column] = value
  })
  return { name, type: 'float32', dims, tensor, write }
}

/** Floats with rows and columns exchanged, as MatMul wants a matrix. */
export function turnedFloatWeight(name: string, tensor: TensorOf<FloatFormat>): FileWeight {
  const { columns, rows } = tensor
  const write = eachFloat(tensor, (floats, row, column, value) => {
    floats[column * rows + row] = value
  })
  return { name, type: 'float32', dims: [columns, rows], tensor, write }
}

function eachFloat(
  { format, columns }: TensorOf<FloatFormat>,
  put: (floats: Float32Array, row: number, column: number, value: number) => void,
): Write {
  return (weight, { firstRow, content }) => {
    const floats = floatsOf(weight)
    const view = viewOf(content)
    const count = content.length / format.unitBytes
    for (let index = 0; index < count; index++) {
      const row = Math.floor(index / columns)
      put(floats, firstRow + row, index % columns, format.read(view, index * format.unitBytes))
    }
  }
}

/** The blocks of a matrix as onnxruntime has them, and those weights that its product needs. */
export interface BlockWeights {
  readonly matrix: BlockMatrix
  readonly packed: FileWeight
  readonly scales: FileWeight
  /** Dims [blocks of a row, units], or undefined when the format has no offsets. */
  readonly offsets: FileWeight | undefined
}

export function blockWeights(weight: string, tensor: TensorOf<BlockFormat>): BlockWeights {
  const { format, columns, rows } = tensor
  const { bits, block, unitWeights } = format
  const matrix = { width: columns, units: rows, bits, block }
  const blocks = columns / block
  const perUnit = unitWeights / block
  const specs = blockSpecs(weight, matrix)
  const levels = new Int8Array(unitWeights)
  const values = new Float32Array(perUnit)
  const packed = eachUnit(tensor, asBytes, (target, unit, view, at) => {
    format.levels(view, at, levels)
    if (bits === 8) {
      const start = unit * unitWeights
      for (let index = 0; index < unitWeights; index++) {
        target[start + index] = (levels[index] ?? 0) + 128
      }
      return
    }
    // The first weight of a pair is the low half of its byte.
    const start = (unit * unitWeights) / 2
    for (let index = 0; index < unitWeights; index += 2) {
      const low = (levels[index] ?? 0) + 8
      target[start + index / 2] = low | (((levels[index + 1] ?? 0) + 8) << 4)
    }
  })
  const scales = eachUnit(tensor, floatsOf, (target, unit, view, at) => {
    format.scales(view, at, values)
    target.set(values, unit * perUnit)
  })
  const offsets = eachUnit(tensor, floatsOf, (floats, unit, view, at) => {
    format.offsets(view, at, values)
    for (const [index, value] of values.entries()) {
      const position = unit * perUnit + index
      floats[(position % blocks) * rows + Math.floor(position / blocks)] = value
    }
  })
  return {
    matrix,
    packed: { ...specs.packed, tensor, write: packed },
    scales: { ...specs.scales, tensor, write: scales },
    offsets: format.hasOffsets
      ? {
          name: `${weight}.offsets`,
          type: 'float32',
          dims: [blocks, rows],
          tensor,
          write: offsets,
        }
      : undefined,
  }
}

/** Units counted from the tensor's first one. */
function eachUnit<Target>(
  { format, columns }: TensorOf<BlockFormat>,
  targetOf: (weight: Uint8Array) => Target,
  put: (target: Target, unit: number, view: DataView, at: number) => void,
): Write {
  const unitsPerRow = columns / format.unitWeights
  return (weight, { firstRow, content }) => {
    const view = viewOf(content)
    const target = targetOf(weight)
    const first = firstRow * unitsPerRow
    const count = content.length / format.unitBytes
    for (let unit = 0; unit < count; unit++) {
      put(target, first + unit, view, unit * format.unitBytes)
    }
  }
}

/**
 * Cosines or sines of positions.
 *
 * @param factors - What slows each column down beside `slowdown`, when the file says so.
 */
export function rotaryWeight(
  spec: WeightSpec,
  kind: 'cos' | 'sin',
  rotary: Rotary & { readonly slowdown: readonly number[] },
  factors: TensorOf<FloatFormat> | undefined,
): FileWeight {
  const write: Write = (weight, { content }) => {
    const view = viewOf(content)
    const { unitBytes = 0, read = () => 1 } = factors?.format ?? {}
    const slowdown = rotary.slowdown.map((one, column) => one * read(view, column * unitBytes))
    floatsOf(weight).set(rotaryTables({ ...rotary, slowdown })[kind])
  }
  return { ...spec, tensor: factors, write }
}

function asBytes(bytes: Uint8Array): Uint8Array {
  return bytes
}

function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
