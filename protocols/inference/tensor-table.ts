/**
 * Tensors as the body of a step or an output.
 *
 *     u16 hops, then for each f64 arrivedMs, u32 heldUs, u32 queueUs, u32 computeUs
 *     for each tensor: u8 type, u8 rank, u16 name bytes, u32 data bytes, u32 × rank, name
 *     zeros up to a multiple of 8
 *     the tensors' bytes, each followed by zeros up to a multiple of 8
 *
 * A hop is what one stage saw of the request: when it came, by the stage's own monotonic clock,
 * how long it stayed, and how much of that it waited and computed.
 *
 * @module
 */

import { textOf, utf8 } from '../../core/bytes.ts'
import {
  TENSOR_RANK_MAX,
  TENSOR_TYPES,
  tensorBytes,
  type Tensor,
  type TensorType,
} from '../../core/tensor.ts'
import { MESSAGE_BYTES_MAX, STAGES_MAX, TENSOR_NAME_MAX, TENSORS_MAX } from './limits.ts'

const TYPES = Object.keys(TENSOR_TYPES) as TensorType[]
/** Bytes of one hop. */
const HOP_BYTES = 20
const US_MAX = 0xffff_ffff
const NOTHING = new Uint8Array(0)
const ZEROS = new Uint8Array(8)

/** What one stage saw of one request. */
export interface Hop {
  /** On the stage's monotonic clock, in milliseconds. */
  readonly arrivedMs: number
  /** From its arrival until its outputs were handed on, in microseconds. */
  readonly heldUs: number
  readonly queueUs: number
  readonly computeUs: number
}

export interface TensorBody {
  readonly hops: readonly Hop[]
  readonly tensors: readonly Tensor[]
}

/** The body in pieces; the tensors' bytes are views, not copies. */
export function encodeTensorBody(body: TensorBody): readonly Uint8Array[] {
  const names = body.tensors.map((tensor) => utf8(tensor.name))
  const tableBytes = body.tensors.reduce(
    (sum, tensor, index) => sum + 8 + 4 * tensor.dims.length + (names[index]?.length ?? 0),
    2 + HOP_BYTES * body.hops.length,
  )
  const table = new Uint8Array(aligned(tableBytes))
  const view = new DataView(table.buffer)
  view.setUint16(0, body.hops.length, true)
  let at = 2
  for (const hop of body.hops) {
    view.setFloat64(at, hop.arrivedMs, true)
    view.setUint32(at + 8, Math.min(hop.heldUs, US_MAX), true)
    view.setUint32(at + 12, Math.min(hop.queueUs, US_MAX), true)
    view.setUint32(at + 16, Math.min(hop.computeUs, US_MAX), true)
    at += HOP_BYTES
  }
  body.tensors.forEach((tensor, index) => {
    const name = names[index] ?? NOTHING
    view.setUint8(at, TYPES.indexOf(tensor.type))
    view.setUint8(at + 1, tensor.dims.length)
    view.setUint16(at + 2, name.length, true)
    view.setUint32(at + 4, tensor.data.length, true)
    at += 8
    for (const size of tensor.dims) {
      view.setUint32(at, size, true)
      at += 4
    }
    table.set(name, at)
    at += name.length
  })
  const pieces: Uint8Array[] = [table]
  for (const { data } of body.tensors) {
    pieces.push(data)
    const padding = aligned(data.length) - data.length
    if (padding > 0) pieces.push(ZEROS.subarray(0, padding))
  }
  return pieces
}

/** Whether these tensors, with as many hops as there may be, fit one message. */
export function fitsMessage(tensors: readonly Tensor[]): boolean {
  const bytes = tensors.reduce(
    (sum, { name, dims, data }) =>
      sum + 8 + 4 * dims.length + 3 * name.length + aligned(data.length),
    aligned(2 + HOP_BYTES * STAGES_MAX) + 8,
  )
  return tensors.length <= TENSORS_MAX && bytes <= MESSAGE_BYTES_MAX
}

/** The body of `count` tensors, or undefined when the bytes are anything else. Tensors are views on `bytes`. */
export function decodeTensorBody(bytes: Uint8Array, count: number): TensorBody | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 2) return undefined
  const hopCount = view.getUint16(0, true)
  let at = 2 + HOP_BYTES * hopCount
  if (hopCount > STAGES_MAX || at > bytes.length) return undefined
  const hops = Array.from({ length: hopCount }, (_, index) => readHop(view, 2 + HOP_BYTES * index))
  if (!hops.every(({ arrivedMs }) => Number.isFinite(arrivedMs) && arrivedMs >= 0)) return undefined
  const rows: Row[] = []
  for (let index = 0; index < count; index++) {
    const row = readRow(view, bytes, at)
    if (row === undefined) return undefined
    rows.push(row)
    at = row.end
  }
  const tensors = readData(bytes, at, rows)
  return tensors === undefined ? undefined : { hops, tensors }
}

function readHop(view: DataView, at: number): Hop {
  return {
    arrivedMs: view.getFloat64(at, true),
    heldUs: view.getUint32(at + 8, true),
    queueUs: view.getUint32(at + 12, true),
    computeUs: view.getUint32(at + 16, true),
  }
}

interface Row {
  readonly name: string
  readonly type: TensorType
  readonly dims: readonly number[]
  readonly dataBytes: number
  readonly end: number
}

function readRow(view: DataView, bytes: Uint8Array, start: number): Row | undefined {
  if (start + 8 > bytes.length) return undefined
  const type = TYPES[view.getUint8(start)]
  const rank = view.getUint8(start + 1)
  const nameBytes = view.getUint16(start + 2, true)
  const dataBytes = view.getUint32(start + 4, true)
  const end = start + 8 + 4 * rank + nameBytes
  if (type === undefined || rank > TENSOR_RANK_MAX || end > bytes.length) return undefined
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(start + 8 + 4 * axis, true))
  const name = textOf(bytes.subarray(end - nameBytes, end))
  if (name === undefined || name.length > TENSOR_NAME_MAX) return undefined
  if (tensorBytes(type, dims) !== dataBytes) return undefined
  return { name, type, dims, dataBytes, end }
}

function readData(
  bytes: Uint8Array,
  tableEnd: number,
  rows: readonly Row[],
): readonly Tensor[] | undefined {
  let at = aligned(tableEnd)
  if (!isZero(bytes, tableEnd, at)) return undefined
  const tensors: Tensor[] = []
  for (const { name, type, dims, dataBytes } of rows) {
    const end = at + dataBytes
    const next = aligned(end)
    if (next > bytes.length || !isZero(bytes, end, next)) return undefined
    tensors.push({ name, type, dims, data: bytes.subarray(at, end) })
    at = next
  }
  return at === bytes.length ? tensors : undefined
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  if (end > bytes.length) return false
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false
  return true
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
