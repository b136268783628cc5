import { describe, expect, it } from 'vitest'
import { drawTensor, FORMAT_NAMES, type FormatName } from '../../test/fixtures/gguf-blocks.ts'
import { ggufBytes } from '../../test/fixtures/gguf-writer.ts'
import { weightBytes } from '../builder/graph-writer.ts'
import { accepted } from '../errors.ts'
import { readGguf } from '../gguf/gguf-file.ts'
import { isBlockTensor, isFloatTensor, type FileTensor } from './file-tensor.ts'
import { blockWeights, floatWeight, turnedFloatWeight, type FileWeight } from './weight-rows.ts'

const COLUMNS = 512
const ROWS = 3

function tensorOf(format: FormatName) {
  const drawn = drawTensor(format, COLUMNS * ROWS, 5)
  const file = ggufBytes({ metadata: {}, tensors: { t: { dims: [COLUMNS, ROWS], drawn } } })
  const tensor = accepted(readGguf(file, file.length)).tensors.get('t')
  if (tensor === undefined) throw new Error('expected the tensor that was written')
  return { tensor, content: drawn.content, values: drawn.values }
}

/** The weight's bytes, made of `step` rows at a time. */
function made(weight: FileWeight, { rowBytes }: FileTensor, content: Uint8Array, step: number) {
  const bytes = new Uint8Array(weightBytes(weight))
  for (let firstRow = 0; firstRow < ROWS; firstRow += step) {
    const part = content.subarray(firstRow * rowBytes, (firstRow + step) * rowBytes)
    weight.write(bytes, { firstRow, content: part })
  }
  return bytes
}

const floats = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.buffer)

/** What blocks stand for: scale · level, plus the offset of the block. */
function valuesOf(format: FormatName, step: number): Float32Array {
  const { tensor, content } = tensorOf(format)
  const bytesOf = (weight: FileWeight): Uint8Array => made(weight, tensor, content, step)
  if (isFloatTensor(tensor)) return floats(bytesOf(floatWeight('t', [ROWS, COLUMNS], tensor)))
  if (!isBlockTensor(tensor)) return new Float32Array(0)
  const { matrix, packed, scales, offsets } = blockWeights('t', tensor)
  const bytes = bytesOf(packed)
  const levels =
    matrix.bits === 8
      ? [...bytes].map((level) => level - 128)
      : [...bytes].flatMap((byte) => [(byte & 15) - 8, (byte >> 4) - 8])
  const scale = floats(bytesOf(scales))
  const offset = offsets === undefined ? undefined : floats(bytesOf(offsets))
  const blocks = COLUMNS / matrix.block
  return Float32Array.from(levels, (level, index) => {
    const block = Math.floor(index / matrix.block)
    // Offsets lie with the units next to one another.
    const least = offset?.[(block % blocks) * ROWS + Math.floor(block / blocks)] ?? 0
    return (scale[block] ?? 0) * level + least
  })
}

describe('weights of a GGUF file', () => {
  it.each(FORMAT_NAMES)('in %s stand for what was written', (format) => {
    const { values } = tensorOf(format)
    const read = valuesOf(format, ROWS)
    const worst = values.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - (read[at] ?? 9))),
      0,
    )
    // Floats round the offset of a block, and the sum here.
    expect(worst).toBeLessThan(format.startsWith('Q') ? 3e-8 : Number.MIN_VALUE)
  })

  it.each(FORMAT_NAMES)('in %s are the same when they come row by row', (format) => {
    expect(valuesOf(format, 1)).toEqual(valuesOf(format, ROWS))
  })

  it('turn rows into columns for a product of floats', () => {
    const { tensor, content, values } = tensorOf('F16')
    if (!isFloatTensor(tensor)) throw new Error('expected floats')
    const turned = floats(made(turnedFloatWeight('t', tensor), tensor, content, 2))
    expect(turned[5 * ROWS + 2]).toBe(values[2 * COLUMNS + 5])
    expect(turned.toSorted()).toEqual(values.toSorted())
  })
})
