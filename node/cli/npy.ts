/**
 * The .npy format of NumPy: one array with its type and shape.
 *
 * Versions 1 to 3 of the format (NumPy enhancement proposal 1 and numpy.lib.format) are read;
 * version 1 is written. Only what a tensor can be is taken: little endian, row by row, no objects.
 *
 * @module
 */

import {
  TENSOR_RANK_MAX,
  TENSOR_TYPES,
  type Tensor,
  type TensorType,
  tensorBytes,
} from '../../core/tensor.ts'

/** An array without a name. */
export type NpyArray = Omit<Tensor, 'name'>

/** An array, or why the bytes are none. */
export type NpyDecoded =
  | { readonly type: 'value'; readonly value: NpyArray }
  | { readonly type: 'refused'; readonly reason: string }

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)
/** Bytes that a header may have: 20 times those of the largest shape. */
const HEADER_BYTES_MAX = 10_240
/** Data begins at a multiple of this, as NumPy writes it. */
const ALIGNMENT = 64

/** NumPy's names for the types, without the byte order. */
const NAMES: Readonly<Record<string, TensorType>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
}

/** Reads `file`, which must hold exactly one array. The data is a view on it. */
export function decodeNpy(file: Uint8Array): NpyDecoded {
  const header = readHeader(file)
  if (typeof header === 'string') return { type: 'refused', reason: header }

  const { type, dims, dataAt } = header
  const expected = tensorBytes(type, dims)
  const actual = file.length - dataAt
  if (actual !== expected) {
    return { type: 'refused', reason: `expected ${expected} bytes of data, got ${actual}` }
  }
  return { type: 'value', value: { type, dims, data: file.subarray(dataAt) } }
}

/** The bytes of a file that holds `array`. */
export function encodeNpy({ type, dims, data }: NpyArray): Uint8Array {
  const name = Object.keys(NAMES).find((candidate) => NAMES[candidate] === type)
  const order = TENSOR_TYPES[type] === 1 ? '|' : '<'
  const shape = `(${dims.join(', ')}${dims.length === 1 ? ',' : ''})`
  const text = `{'descr': '${order}${name}', 'fortran_order': False, 'shape': ${shape}, }`
  const unpadded = MAGIC.length + 4 + text.length + 1
  const dataAt = Math.ceil(unpadded / ALIGNMENT) * ALIGNMENT

  const file = new Uint8Array(dataAt + data.length)
  file.set(MAGIC)
  file[6] = 1
  new DataView(file.buffer).setUint16(8, dataAt - 10, true)
  file.set(Buffer.from(`${text}${' '.repeat(dataAt - unpadded)}\n`, 'latin1'), 10)
  file.set(data, dataAt)
  return file
}

interface Header {
  readonly type: TensorType
  readonly dims: readonly number[]
  /** Where the data begins. */
  readonly dataAt: number
}

function readHeader(file: Uint8Array): Header | string {
  if (file.length < 12 || MAGIC.some((byte, index) => file[index] !== byte)) {
    return 'expected a .npy file, got something else'
  }
  const version = file[6] ?? 0
  if (version < 1 || version > 3) return `expected version 1 to 3 of the format, got ${version}`
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const textAt = version === 1 ? 10 : 12
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const dataAt = textAt + length
  if (length > HEADER_BYTES_MAX) return 'the header is too long'
  if (dataAt > file.length) return 'the file ends within its header'

  const array = readDictionary(Buffer.from(file.subarray(textAt, dataAt)).toString('latin1'))
  return typeof array === 'string' ? array : { ...array, dataAt }
}

/** The three entries of the dictionary, which stand in any order. */
function readDictionary(text: string): Omit<Header, 'dataAt'> | string {
  const descr = /'descr'\s*:\s*'([<>|=]?[a-zA-Z]\d+)'/.exec(text)?.[1]
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1]
  if (descr === undefined || order === undefined || shape === undefined) {
    return 'expected a type, an order and a shape in the header'
  }
  const type = typeOf(descr)
  if (type === undefined) return `expected little-endian numbers, got type ${descr}`
  const dims = dimsOf(shape)
  if (dims === undefined) return `expected at most ${TENSOR_RANK_MAX} dimensions of sensible size`
  if (order === 'True' && dims.length > 1) return 'expected data row by row, got Fortran order'
  return { type, dims }
}

function typeOf(descr: string): TensorType | undefined {
  const name = descr.replace(/^[<|=]/, '')
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined
}

function dimsOf(shape: string): readonly number[] | undefined {
  const sizes = shape.split(',').map((size) => size.trim())
  const dims = sizes.filter((size) => size !== '').map(Number)
  const fits = dims.length <= TENSOR_RANK_MAX && dims.every((size) => Number.isSafeInteger(size))
  return fits ? dims : undefined
}
