/**
 * The head of a safetensors file: where its tensors lie (format.md of the safetensors project).
 *
 * Eight bytes say how long the head is, JSON names the tensors, then their bytes follow without gaps.
 *
 * @module
 */

import type { FileTensor, FloatFormat } from '../checkpoint/file-tensor.ts'
import { BF16, F16, F32 } from '../checkpoint/float-format.ts'
import { plainWord } from '../checkpoint/plain-word.ts'
import type { Result } from '../errors.ts'
import {
  NAME_CHARACTERS_MAX,
  SAFETENSORS_HEAD_BYTES_MAX,
  TENSOR_BYTES_MAX,
  TENSORS_MAX,
} from '../limits.ts'
import { attempt, refuse } from '../refuse.ts'
import { isObject, JsonRecord } from './json-record.ts'

/** Bytes that say how long the head is. */
export const LENGTH_BYTES = 8

const BRACE = 0x7b
const DIMS_MAX = 4

const FORMATS: ReadonlyMap<unknown, FloatFormat> = new Map(
  [F32, F16, BF16].map((format) => [format.name, format]),
)

/** True when a file that begins with these nine bytes says that it is one. */
export function isSafetensors(start: Uint8Array): boolean {
  if (start.length <= LENGTH_BYTES || start[LENGTH_BYTES] !== BRACE) return false
  return lengthOf(start) <= SAFETENSORS_HEAD_BYTES_MAX
}

/** Bytes of the head that begins with these eight, their own included. */
export function safetensorsHeadBytes(start: Uint8Array): Result<number> {
  return attempt(() => {
    if (start.length < LENGTH_BYTES)
      refuse('SAFETENSORS_TRUNCATED', 'expected the length of a head')
    const length = lengthOf(start)
    if (length > SAFETENSORS_HEAD_BYTES_MAX) {
      refuse('SAFETENSORS_LIMIT', `expected a head of at most ${SAFETENSORS_HEAD_BYTES_MAX} bytes`)
    }
    return LENGTH_BYTES + length
  })
}

function lengthOf(start: Uint8Array): number {
  return Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true))
}

/** A head, and what it is the head of. */
export interface SafetensorsInit {
  readonly head: Uint8Array
  readonly fileBytes: number
  /** Which of a model's files it is. */
  readonly part: number
}

/** The tensors of a file, in the order of their bytes. Never throws and always ends. */
export function readSafetensors(init: SafetensorsInit): Result<readonly FileTensor[]> {
  return attempt(() => {
    const { head, fileBytes } = init
    if (head.length <= LENGTH_BYTES) refuse('SAFETENSORS_TRUNCATED', 'expected a head')
    const described = JsonRecord.parse('the head', head.subarray(LENGTH_BYTES))
    const entries = described.entries().filter(([name]) => name !== '__metadata__')
    if (entries.length > TENSORS_MAX) {
      refuse('SAFETENSORS_LIMIT', `expected at most ${TENSORS_MAX} tensors, got ${entries.length}`)
    }
    const tensors = entries.map(([name, value]) => tensorOf(name, value, init))
    const ordered = tensors.toSorted((a, b) => a.offset - b.offset)
    let end = head.length
    for (const { offset, rowBytes, rows } of ordered) {
      if (offset !== end) refuse('SAFETENSORS_MALFORMED', 'expected tensors without gaps')
      end += rowBytes * rows
    }
    if (end > fileBytes) {
      refuse('SAFETENSORS_TRUNCATED', `expected a file of ${end} bytes, got ${fileBytes}`)
    }
    if (end < fileBytes) refuse('SAFETENSORS_MALFORMED', 'expected nothing behind the tensors')
    return ordered
  })
}

function tensorOf(name: string, value: unknown, { head, part }: SafetensorsInit): FileTensor {
  if (name.length > NAME_CHARACTERS_MAX) {
    refuse('SAFETENSORS_LIMIT', `expected names of at most ${NAME_CHARACTERS_MAX} characters`)
  }
  const { dtype, shape, data_offsets: offsets }: DescribedTensor = isObject(value) ? value : {}
  const format = FORMATS.get(dtype)
  if (format === undefined) {
    const got = typeof dtype === 'string' ? plainWord(dtype) : 'none'
    return refuse('SAFETENSORS_UNSUPPORTED', `expected weights in F32, F16 or BF16, got ${got}`)
  }
  const dims = sizes(shape, 1).toReversed()
  const [from = 0, to = 0] = sizes(offsets, 0)
  if (dims.length > DIMS_MAX) refuse('SAFETENSORS_LIMIT', `expected at most ${DIMS_MAX} dimensions`)
  const [columns = 1, ...others] = dims
  const rows = others.reduce((product, size) => product * size, 1)
  const rowBytes = columns * format.unitBytes
  if (!(rowBytes * rows <= TENSOR_BYTES_MAX)) {
    refuse('SAFETENSORS_LIMIT', `expected a tensor of at most ${TENSOR_BYTES_MAX} bytes`)
  }
  if (to - from !== rowBytes * rows) {
    refuse('SAFETENSORS_MALFORMED', 'expected as many bytes of a tensor as its shape needs')
  }
  return { name, format, part, dims, columns, rows, rowBytes, offset: head.length + from }
}

interface DescribedTensor {
  readonly dtype?: unknown
  readonly shape?: unknown
  readonly data_offsets?: unknown
}

function sizes(value: unknown, least: number): readonly number[] {
  const isSize = (size: unknown): size is number =>
    typeof size === 'number' && Number.isSafeInteger(size) && size >= least
  if (Array.isArray(value) && value.every(isSize)) return value
  return refuse('SAFETENSORS_MALFORMED', `expected whole numbers from ${least} on`)
}
