/**
 * The head of a GGUF file: what it says about its model, and where its tensors lie.
 *
 * The weights themselves are not looked at: files are larger than memory.
 *
 * @module
 */

import type { FileTensor } from '../checkpoint/file-tensor.ts'
import type { Result } from '../errors.ts'
import {
  GGUF_ALIGNMENT_MAX,
  GGUF_HEAD_BYTES_MAX,
  GGUF_NAME_BYTES_MAX,
  TENSOR_BYTES_MAX,
  TENSORS_MAX,
} from '../limits.ts'
import { attempt, refuse } from '../refuse.ts'
import { HeadReader } from './head-reader.ts'
import { readMetadata, type GgufValue } from './metadata.ts'
import { tensorFormat, tensorFormatName } from './tensor-format.ts'

export interface GgufFile {
  readonly version: number
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, FileTensor>
}

const MAGIC = [0x47, 0x47, 0x55, 0x46] as const
const DIMS_MAX = 4
const ALIGNMENT = 32
const FILE_BYTES_MAX = Number.MAX_SAFE_INTEGER

/** True when a file that begins with these bytes says that it is GGUF. */
export function isGguf(head: Uint8Array): boolean {
  return MAGIC.every((byte, index) => head[index] === byte)
}

/**
 * Reads the head of a file of `fileBytes` bytes. Never throws and always ends, whatever the bytes are.
 *
 * @param head - The file from its beginning; GGUF_TRUNCATED when its head is longer than that.
 */
export function readGguf(head: Uint8Array, fileBytes: number): Result<GgufFile> {
  return attempt(() => {
    const reader = new HeadReader(head.subarray(0, GGUF_HEAD_BYTES_MAX))
    if (!isGguf(reader.bytes(MAGIC.length))) refuse('GGUF_MALFORMED', 'expected a GGUF file')
    const version = readVersion(reader)
    const tensorCount = reader.size(TENSORS_MAX, 'tensors')
    const keys = reader.size(FILE_BYTES_MAX, 'keys')
    const metadata = readMetadata(reader, keys)
    const described = Array.from({ length: tensorCount }, () => readTensor(reader))
    const alignment = alignmentOf(metadata)
    const start = Math.ceil(reader.at / alignment) * alignment
    const tensors = new Map<string, FileTensor>()
    for (const tensor of described) {
      if (tensors.has(tensor.name)) refuse('GGUF_MALFORMED', 'expected each tensor once')
      if (tensor.offset % alignment !== 0) {
        refuse('GGUF_MALFORMED', `expected tensors at multiples of ${alignment}`)
      }
      tensors.set(tensor.name, { ...tensor, offset: start + tensor.offset })
    }
    checkPlaces([...tensors.values()], fileBytes)
    return { version, metadata, tensors }
  })
}

function readVersion(reader: HeadReader): number {
  const version = reader.uint32()
  if (version === 2 || version === 3) return version
  // Files for big-endian machines have their version's bytes the other way round.
  if (version % 65_536 === 0 && version > 0) {
    refuse('GGUF_UNSUPPORTED', 'expected a little-endian file, got a big-endian one')
  }
  return refuse('GGUF_UNSUPPORTED', `expected version 2 or 3 of GGUF, got ${version}`)
}

/** A tensor whose offset still counts from where the weights begin. */
function readTensor(reader: HeadReader): FileTensor {
  const name = reader.text(GGUF_NAME_BYTES_MAX, 'a name')
  const rank = reader.uint32()
  if (rank < 1 || rank > DIMS_MAX) {
    refuse('GGUF_MALFORMED', `expected 1 to ${DIMS_MAX} dimensions, got ${rank}`)
  }
  const dims = Array.from({ length: rank }, () => reader.size(TENSOR_BYTES_MAX, 'dimensions'))
  const number = reader.uint32()
  const format = tensorFormat(number)
  if (format === undefined) {
    return refuse(
      'GGUF_UNSUPPORTED',
      `expected weights of a known form, got ${tensorFormatName(number)}`,
    )
  }
  const [columns = 0, ...others] = dims
  const rows = others.reduce((product, size) => product * size, 1)
  if (columns < 1 || rows < 1) refuse('GGUF_MALFORMED', 'expected dimensions of one or more')
  if (columns % format.unitWeights !== 0) {
    const unit = format.unitWeights
    refuse('GGUF_MALFORMED', `expected rows of ${format.name} in multiples of ${unit} weights`)
  }
  const rowBytes = (columns / format.unitWeights) * format.unitBytes
  if (!(rowBytes * rows <= TENSOR_BYTES_MAX)) {
    refuse('GGUF_LIMIT', `expected a tensor of at most ${TENSOR_BYTES_MAX} bytes`)
  }
  const offset = reader.size(FILE_BYTES_MAX, 'offsets')
  return { name, format, part: 0, dims, columns, rows, rowBytes, offset }
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? ALIGNMENT
  if (typeof alignment !== 'number' || alignment < 1 || alignment > GGUF_ALIGNMENT_MAX) {
    return refuse('GGUF_MALFORMED', `expected an alignment of 1 to ${GGUF_ALIGNMENT_MAX}`)
  }
  if (Math.log2(alignment) % 1 === 0) return alignment
  return refuse('GGUF_MALFORMED', 'expected an alignment that is a power of two')
}

/** Tensors lie in the file and not over one another: a small file must not stand for large models. */
function checkPlaces(tensors: readonly FileTensor[], fileBytes: number): void {
  let free = 0
  for (const { offset, rowBytes, rows } of tensors.toSorted((a, b) => a.offset - b.offset)) {
    const end = offset + rowBytes * rows
    if (offset < free) refuse('GGUF_MALFORMED', 'expected tensors beside one another')
    if (!(end <= fileBytes)) {
      refuse('GGUF_TRUNCATED', `expected a file of ${end} bytes or more, got ${fileBytes}`)
    }
    free = end
  }
}
