/**
 * The messages between the daemon and an executor process.
 *
 * A message is a header of 16 bytes (little endian) and a body:
 *
 *     0  u32  bytes of the body      8  u32  id of the run, 0 for control messages
 *     4  u8   kind                  12  u32  microseconds of compute (results only)
 *     5  u8   0
 *     6  u16  tensors in the body
 *
 * Bodies of control messages are canonical CBOR. Bodies of runs and results are a table, one
 * row a tensor (u8 type, u8 rank, u16 index of the input or output, u32 for each dimension),
 * then the tensors' bytes, the table and every tensor padded to 64 bytes: both ends see their
 * elements in place, without copying. In a shapes message the tensors' bytes are left out.
 * A step has one tensor more, an int32 vector with the index 0xffff (step-message.ts), and so has an
 * import, of uint32 (cache-message.ts).
 *
 * 64 bytes is where onnxruntime's own allocator puts a tensor. Some of its kernels (reductions, in
 * Eigen) take the elements before the first whole vector one by one, so the place of an input in
 * memory decides the order of its sums: at a multiple of 8 a stage gave other bits than the whole.
 *
 * @module
 */

import { elementCount, TENSOR_RANK_MAX, TENSOR_TYPES, type TensorType } from '../../core/tensor.ts'
import { CONTROL_BYTES_MAX, FRAME_BYTES_MAX } from './limits.ts'

/** Bytes of a message's header. */
export const FRAME_HEADER_BYTES = 16

/** Where the tensors of a message begin: multiples of this many bytes from the start of its body. */
export const TENSOR_ALIGNMENT = 64

/** Kinds of message. */
export const FRAME_KIND = {
  load: 1,
  run: 2,
  /** A run whose answer is the shapes of the outputs without their bytes. */
  measure: 3,
  ready: 4,
  result: 5,
  shapes: 6,
  error: 7,
  /** Asks what this onnxruntime is and has, without loading a model. */
  survey: 8,
  surveyed: 9,
  /** Makes room for the keys and values of a text, or gives it back; answered with `settled`. */
  begin: 10,
  end: 11,
  settled: 12,
  /** Adds rows to texts; answered with `result`. */
  step: 13,
  /** Brings the vocabulary of the model: the bytes of all tokens, and where each begins; answered with `settled`. */
  vocabulary: 14,
  /** Asks for keys and values of a text; answered with `result`. */
  export: 15,
  /** Brings some; answered with `settled`. */
  import: 16,
} as const

export type FrameKind = keyof typeof FRAME_KIND

const KIND_OF_CODE = new Map<number, FrameKind>(
  Object.entries(FRAME_KIND).map(([kind, code]) => [code, kind as FrameKind]),
)
const TENSOR_KINDS: ReadonlySet<FrameKind> = new Set([
  'run',
  'result',
  'measure',
  'step',
  'vocabulary',
  'import',
])
const TYPES = Object.keys(TENSOR_TYPES) as TensorType[]
const CODE_OF_TYPE = new Map(TYPES.map((type, code) => [type, code]))

export interface FrameHeader {
  readonly kind: FrameKind
  readonly bodyBytes: number
  readonly tensors: number
  readonly id: number
  readonly computeUs: number
}

export interface Frame extends FrameHeader {
  readonly body: Uint8Array
}

/** The index of the tensor that says what a step adds to which texts. */
export const STEP_INDEX = 0xffff

/** A tensor in a message: its place among the graph's inputs or outputs instead of its name. */
export interface WireTensor {
  readonly index: number
  readonly type: TensorType
  readonly dims: readonly number[]
  /** Empty in a shapes message. */
  readonly data: Uint8Array
}

/** The header in `bytes`, or why it is refused. */
export function readHeader(bytes: Uint8Array): FrameHeader | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_HEADER_BYTES)
  const bodyBytes = view.getUint32(0, true)
  const kind = KIND_OF_CODE.get(view.getUint8(4))
  if (kind === undefined) return `unknown message kind ${view.getUint8(4)}`
  const tensorMessage = TENSOR_KINDS.has(kind)
  const bytesMax = tensorMessage ? FRAME_BYTES_MAX : CONTROL_BYTES_MAX
  if (bodyBytes > bytesMax) return `expected at most ${bytesMax} bytes, got ${bodyBytes}`
  return {
    kind,
    bodyBytes,
    tensors: view.getUint16(6, true),
    id: view.getUint32(8, true),
    computeUs: view.getUint32(12, true),
  }
}

/** A control message in one piece. */
export function controlFrame(kind: FrameKind, id: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length)
  writeHeader(frame, { kind, bodyBytes: body.length, tensors: 0, id, computeUs: 0 })
  frame.set(body, FRAME_HEADER_BYTES)
  return frame
}

/** Below this size one copy is cheaper than one more buffer in the system call. */
const JOIN_BYTES_MAX = 65_536

/**
 * A run, result or shapes message, as pieces to be written one after another.
 *
 * Large tensors are not copied: they must stay as they are until the pieces are written.
 */
export function tensorFrame(
  header: Pick<FrameHeader, 'kind' | 'id' | 'computeUs'>,
  tensors: readonly WireTensor[],
): Uint8Array[] {
  const tableBytes = padded(tensors.reduce((sum, { dims }) => sum + 4 + 4 * dims.length, 0))
  const dataBytes = tensors.reduce((sum, { data }) => sum + padded(data.length), 0)
  const bodyBytes = tableBytes + dataBytes
  const joins = bodyBytes <= JOIN_BYTES_MAX
  const head = new Uint8Array(FRAME_HEADER_BYTES + (joins ? bodyBytes : tableBytes))
  writeHeader(head, { ...header, bodyBytes, tensors: tensors.length })
  writeTable(head, tensors)
  if (!joins) return [head, ...tensors.flatMap(({ data }) => withPadding(data))]

  let at = FRAME_HEADER_BYTES + tableBytes
  for (const { data } of tensors) {
    head.set(data, at)
    at += padded(data.length)
  }
  return [head]
}

/** The tensors of a run, result or shapes message as views of its body, or why they are refused. */
export function readTensors(frame: Frame): readonly WireTensor[] | string {
  const table = readTable(frame)
  if (typeof table === 'string') return table
  const withData = frame.kind !== 'shapes'
  let at = table.bytes
  const tensors: WireTensor[] = []
  for (const row of table.rows) {
    const bytes = withData ? TENSOR_TYPES[row.type] * elementCount(row.dims) : 0
    // Written so that a size beyond what numbers hold exactly fails as well.
    if (!(bytes <= frame.body.length - at)) return `tensor ${row.index} does not fit its message`
    tensors.push({ ...row, data: frame.body.subarray(at, at + bytes) })
    at += padded(bytes)
  }
  return at === frame.body.length ? tensors : `expected ${at} bytes, got ${frame.body.length}`
}

interface Table {
  readonly rows: readonly Omit<WireTensor, 'data'>[]
  readonly bytes: number
}

function readTable({ body, tensors }: Frame): Table | string {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const rows: Omit<WireTensor, 'data'>[] = []
  let at = 0
  for (let count = 0; count < tensors; count++) {
    if (at + 4 > body.length) return 'table of tensors is cut short'
    const type = TYPES[view.getUint8(at)]
    const rank = view.getUint8(at + 1)
    if (type === undefined) return `unknown tensor type ${view.getUint8(at)}`
    if (rank > TENSOR_RANK_MAX) return `expected rank up to ${TENSOR_RANK_MAX}, got ${rank}`
    if (at + 4 + 4 * rank > body.length) return 'table of tensors is cut short'
    const index = view.getUint16(at + 2, true)
    const dimsAt = at + 4
    const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(dimsAt + 4 * axis, true))
    rows.push({ index, type, dims })
    at += 4 + 4 * rank
  }
  return { rows, bytes: padded(at) }
}

function writeHeader(frame: Uint8Array, header: FrameHeader): void {
  const view = new DataView(frame.buffer, frame.byteOffset)
  view.setUint32(0, header.bodyBytes, true)
  view.setUint8(4, FRAME_KIND[header.kind])
  view.setUint16(6, header.tensors, true)
  view.setUint32(8, header.id, true)
  view.setUint32(12, header.computeUs, true)
}

function writeTable(frame: Uint8Array, tensors: readonly WireTensor[]): void {
  const view = new DataView(frame.buffer, frame.byteOffset)
  let at = FRAME_HEADER_BYTES
  for (const { type, dims, index } of tensors) {
    view.setUint8(at, CODE_OF_TYPE.get(type) ?? 0xff)
    view.setUint8(at + 1, dims.length)
    view.setUint16(at + 2, index, true)
    for (const [axis, size] of dims.entries()) view.setUint32(at + 4 + 4 * axis, size, true)
    at += 4 + 4 * dims.length
  }
}

const ZEROS = new Uint8Array(TENSOR_ALIGNMENT)

function withPadding(data: Uint8Array): Uint8Array[] {
  const padding = padded(data.length) - data.length
  return padding === 0 ? [data] : [data, ZEROS.subarray(0, padding)]
}

function padded(bytes: number): number {
  return Math.ceil(bytes / TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT
}
